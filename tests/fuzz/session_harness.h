// Runs a session over a hostile connection and holds it to the contract of ExchangeHandler.
//
// The input is a script: byte 0 holds flags, then come pieces of (control, length, bytes). The same
// script is run with every piece cut into single bytes: as long as nothing had to be searched for,
// both runs must tell the same.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "agent/http/session.h"

namespace sonde::http::fuzz {

struct Message {
  std::string head;
  std::string body;
  bool begun = false;
  bool ended = false;
  End end = End::kComplete;
  bool operator==(const Message&) const = default;
};

inline void require(bool holds) {
  if (!holds) std::abort();
}

class Listener final : public ExchangeHandler {
 public:
  void on_request_head(ExchangeNumber n, const Head& head) override {
    require(n == ++last_);
    begin(told_[n][0], head);
  }
  void on_request_body(ExchangeNumber n, Bytes bytes) override { add(n, 0, bytes); }
  void on_request_gap(ExchangeNumber n, uint64_t) override { require(open(n, 0)); }
  void on_request_end(ExchangeNumber n, End end) override {
    require(open(n, 0));
    finish(told_[n][0], end);
  }
  void on_response_head(ExchangeNumber n, const Head& head) override {
    require(told_.contains(n) && !told_[n][1].ended);
    begin(told_[n][1], head);
  }
  void on_response_body(ExchangeNumber n, Bytes bytes) override { add(n, 1, bytes); }
  void on_response_gap(ExchangeNumber n, uint64_t) override { require(open(n, 1)); }
  void on_response_end(ExchangeNumber n, End end) override {
    require(told_.contains(n) && !told_[n][1].ended);
    require(told_[n][1].begun || end == End::kTruncated);
    finish(told_[n][1], end);
  }

  // After close(): every exchange came to its ends.
  void check_ends() const {
    for (const auto& [number, messages] : told_) {
      for (const Message& message : messages) require(message.ended);
    }
  }
  uint64_t body_bytes() const { return body_bytes_; }
  bool operator==(const Listener& other) const { return told_ == other.told_; }

 private:
  bool open(ExchangeNumber n, size_t half) {
    return told_.contains(n) && told_[n][half].begun && !told_[n][half].ended;
  }
  static void begin(Message& message, const Head& head) {
    require(!message.begun && !message.ended);
    message.begun = true;
    message.head = head.method + ' ' + head.target + ' ' + std::to_string(head.status);
    for (const Field& field : head.fields) message.head += '\n' + field.name + ':' + field.value;
  }
  void add(ExchangeNumber n, size_t half, Bytes bytes) {
    require(open(n, half) && !bytes.empty());
    told_[n][half].body += as_text(bytes);
    body_bytes_ += bytes.size();
  }
  static void finish(Message& message, End end) {
    message.ended = true;
    message.end = end;
  }

  std::map<ExchangeNumber, std::array<Message, 2>> told_;
  ExchangeNumber last_ = 0;
  uint64_t body_bytes_ = 0;
};

inline constexpr uint8_t kJoinedLate = 1;

// `opening`: bytes of the client and of the server that come first, so that no run is spent on
// finding a preface.
struct Opening {
  std::string client;
  std::string server;
};

struct Run {
  Limits limits;
  Counters counters;
  Listener listener;

  Run() {
    limits.body_bytes = 1 << 20;
    limits.header_bytes = 4096;
    limits.header_fields = 64;
    limits.pipelined_requests = 4;
    limits.http2_streams = 4;
    limits.websocket_message_bytes = 1 << 20;
  }
  Run(const Run&) = delete;

  void play(Bytes script, const Opening& opening, bool bytewise) {
    ByteReader reader(script);
    const uint8_t flags = reader.u8().value_or(0);
    Session session(listener, limits, counters, (flags & kJoinedLate) != 0);
    const auto feed = [&](Direction direction, Bytes bytes) {
      const size_t step = bytewise ? 1 : std::max<size_t>(1, bytes.size());
      for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
        session.consume(direction, bytes.first(std::min(step, bytes.size())));
      }
    };
    feed(Direction::kSent, as_bytes(opening.client));
    feed(Direction::kReceived, as_bytes(opening.server));
    while (!reader.empty()) {
      const uint8_t control = reader.u8().value_or(0);
      const auto direction = (control & 1) != 0 ? Direction::kSent : Direction::kReceived;
      if ((control & 0x30) == 0x30) {
        session.gap(direction, control >> 6);
        continue;
      }
      const size_t wanted = reader.u16_be().value_or(0);
      feed(direction, *reader.bytes(std::min(wanted, reader.remaining())));
    }
    session.close();
    listener.check_ends();
    require(listener.body_bytes() < (uint64_t{16} << 20) + script.size() * 1024);
  }
};

inline int run_session(const uint8_t* data, size_t size, const Opening& opening) {
  const Bytes script = std::as_bytes(std::span(data, size));
  Run whole;
  whole.play(script, opening, false);
  Run bytewise;
  bytewise.play(script, opening, true);
  const bool late = size > 0 && (data[0] & kJoinedLate) != 0;
  const bool searched = late || whole.counters.value(Count::kHttpResync) > 0 ||
                        bytewise.counters.value(Count::kHttpResync) > 0;
  const bool decoding = whole.counters.value(Count::kHttpDecodeFailed) +
                            whole.counters.value(Count::kHttpDecodeBomb) >
                        0;
  if (!searched && !decoding) require(whole.listener == bytewise.listener);
  return 0;
}

}  // namespace sonde::http::fuzz
