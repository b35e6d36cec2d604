#include "agent/http/session.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <variant>

#include "agent/http/http1_connection.h"
#include "agent/http/http2_connection.h"
#include "agent/http/protocol_guess.h"
#include "agent/http/websocket_connection.h"

namespace sonde::http {
namespace {

// A connection joined late is given up when this much of both directions, or that much of one,
// held no message start. One direction alone may be a long upload or a long stream of events.
constexpr uint64_t kSearchBoth = 64 << 10;
constexpr uint64_t kSearchOne = 16 << 20;
// What may become a message is kept up to this size: a start line, or a frame of the usual size.
constexpr size_t kSearchKept = 32 << 10;
constexpr size_t kLookAgainPart = 16;

Direction opposite(Direction direction) {
  return direction == Direction::kReceived ? Direction::kSent : Direction::kReceived;
}

}  // namespace

class Session::Impl {
 public:
  Impl(ExchangeHandler& handler, const Limits& limits, Counters& counters, bool joined_late)
      : handler_(handler), limits_(limits), counters_(counters), joined_late_(joined_late) {}

  void consume(Direction direction, Bytes bytes) {
    if (given_up_ || bytes.empty()) return;
    const StartKind kind = kind_of(direction);
    if (auto* http1 = std::get_if<Http1Connection>(&protocol_)) {
      http1->consume(kind, bytes);
      if (!http1->alive()) {
        give_up();
      } else if (http1->next_protocol() != NextProtocol::kHttp1) {
        switch_protocol(*http1, direction, bytes);
      }
    } else if (auto* http2 = std::get_if<Http2Connection>(&protocol_)) {
      http2->consume(kind, bytes);
    } else if (auto* websocket = std::get_if<WebSocketConnection>(&protocol_)) {
      websocket->consume(kind, bytes);
    } else {
      detect(direction, bytes);
    }
  }

  void gap(Direction direction, uint64_t count) {
    if (given_up_) return;
    const StartKind kind = kind_of(direction);
    if (auto* http1 = std::get_if<Http1Connection>(&protocol_)) {
      http1->gap(kind, count);
    } else if (auto* http2 = std::get_if<Http2Connection>(&protocol_)) {
      http2->gap(kind, count);
    } else if (auto* websocket = std::get_if<WebSocketConnection>(&protocol_)) {
      websocket->gap(kind, count);
    } else {
      joined_late_ = true;
      unknown(direction).forget();
    }
  }

  void close(Ending ending) {
    if (auto* http1 = std::get_if<Http1Connection>(&protocol_)) {
      http1->close(ending);
    } else if (auto* http2 = std::get_if<Http2Connection>(&protocol_)) {
      http2->close();
    } else if (auto* websocket = std::get_if<WebSocketConnection>(&protocol_)) {
      websocket->close();
    }
    protocol_.emplace<std::monostate>();
    unknown_ = {};
    given_up_ = true;
  }

  Side side() const { return side_; }
  bool worth_hearing() const { return !given_up_; }

 private:
  // One direction before the protocol is known.
  struct Unknown {
    std::string text;
    size_t seen = 0;        // of the text
    size_t next_look = 0;   // the size of the text that is worth another look
    uint64_t searched = 0;  // bytes, dropped ones included
    bool unseen() const { return text.size() > seen; }
    void forget() {
      text.clear();
      seen = next_look = 0;
    }
  };
  Unknown& unknown(Direction direction) { return unknown_[static_cast<size_t>(direction)]; }
  // The direction requests travel in.
  Direction client_direction() const {
    return side_ == Side::kClient ? Direction::kSent : Direction::kReceived;
  }
  StartKind kind_of(Direction direction) const {
    return direction == client_direction() ? StartKind::kRequest : StartKind::kResponse;
  }

  // Looking again costs as much as what is kept, so it waits until that has grown by a part of
  // itself, or until the other direction may have told what this one is.
  void detect(Direction direction, Bytes bytes) {
    Unknown& unknown = this->unknown(direction);
    unknown.text += as_text(bytes);
    unknown.searched += bytes.size();
    if (unknown.text.size() < unknown.next_look) return;
    if (look(direction)) return;
    const Direction other = opposite(direction);
    if (this->unknown(other).unseen() && look(other)) return;
    const uint64_t here = unknown.searched;
    const uint64_t there = this->unknown(other).searched;
    if (std::min(here, there) > kSearchBoth || here > kSearchOne) give_up();
  }

  // True: the protocol is known, or will never be.
  bool look(Direction direction) {
    switch (guess(unknown(direction))) {
      case Guess::kHttp1Request:
        begin_http1(direction);
        return true;
      case Guess::kHttp1Response:
        begin_http1(opposite(direction));
        return true;
      case Guess::kHttp2Request:
        begin_http2(direction);
        return true;
      case Guess::kHttp2Response:
        begin_http2(opposite(direction));
        return true;
      case Guess::kUnknown:
        give_up();
        return true;
      case Guess::kUndecided:
        break;
    }
    return false;
  }

  // Joined late, only what may become a message is kept of the text.
  Guess guess(Unknown& unknown) const {
    std::string& text = unknown.text;
    if (!joined_late_) {
      const Guess start = guess_start(text);
      const bool endless = start == Guess::kUndecided && text.size() > kSearchKept;  // empty lines
      return endless ? Guess::kUnknown : start;
    }
    const FoundProtocol found = search_protocol(text);
    text.erase(0, found.offset);
    if (found.guess == Guess::kUndecided && text.size() > kSearchKept) text.clear();
    unknown.seen = text.size();
    unknown.next_look = text.size() + text.size() / kLookAgainPart;
    return found.guess;
  }

  void begin_http1(Direction requests) {
    protocol_.emplace<Http1Connection>(handler_, limits_, counters_, joined_late_, next_number_);
    begin(requests);
  }
  void begin_http2(Direction requests) {
    protocol_.emplace<Http2Connection>(handler_, limits_, counters_, joined_late_, next_number_);
    begin(requests);
  }
  void begin(Direction requests) {
    side_ = requests == Direction::kSent ? Side::kClient : Side::kServer;
    const std::string request_bytes = std::move(unknown(requests).text);
    const std::string response_bytes = std::move(unknown(opposite(requests)).text);
    unknown_ = {};
    consume(requests, as_bytes(request_bytes));
    consume(opposite(requests), as_bytes(response_bytes));
  }

  // `rest`: bytes of `direction` behind the switch.
  void switch_protocol(Http1Connection& http1, Direction direction, Bytes rest) {
    const NextProtocol next = http1.next_protocol();
    const ExchangeNumber switched = http1.switched_exchange();
    const std::string extensions = http1.extensions();
    const std::string client_bytes = http1.take_unread_requests();
    const std::string server_bytes = http1.take_unread_responses();
    const Direction requests = client_direction();
    next_number_ = http1.next_number();
    if (next == NextProtocol::kWebSocket && switched != 0) {
      protocol_.emplace<WebSocketConnection>(handler_, limits_, counters_, switched, extensions);
    } else if (next == NextProtocol::kHttp2) {
      auto& http2 =
          protocol_.emplace<Http2Connection>(handler_, limits_, counters_, false, next_number_);
      if (switched != 0) http2.adopt_upgraded(switched);
    } else if (next == NextProtocol::kTunnel) {
      begin_tunnel();
    } else {
      give_up();
      return;
    }
    consume(requests, as_bytes(client_bytes));
    consume(opposite(requests), as_bytes(server_bytes));
    consume(direction, rest);
  }

  // Whatever the tunnel carries is found out anew, from its first byte.
  void begin_tunnel() {
    protocol_.emplace<std::monostate>();
    joined_late_ = false;
    side_ = Side::kUnknown;
  }

  void give_up() {
    counters_.add(Count::kConnectionsNotHttp);
    close(Ending::kNotHeardOn);
  }

  ExchangeHandler& handler_;
  const Limits& limits_;
  Counters& counters_;
  bool joined_late_;
  bool given_up_ = false;
  Side side_ = Side::kUnknown;
  ExchangeNumber next_number_ = 1;
  std::array<Unknown, 2> unknown_;  // by direction
  std::variant<std::monostate, Http1Connection, Http2Connection, WebSocketConnection> protocol_;
};

Session::Session(ExchangeHandler& handler, const Limits& limits, Counters& counters,
                 bool joined_late)
    : impl_(std::make_unique<Impl>(handler, limits, counters, joined_late)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::consume(Direction direction, Bytes bytes) { impl_->consume(direction, bytes); }
void Session::gap(Direction direction, uint64_t count) { impl_->gap(direction, count); }
void Session::close(Ending ending) { impl_->close(ending); }
Side Session::side() const { return impl_->side(); }
bool Session::worth_hearing() const { return impl_->worth_hearing(); }

}  // namespace sonde::http
