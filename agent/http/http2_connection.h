// Both directions of one HTTP/2 connection (RFC 9113): frames, header compression and streams; each
// stream that a client opens is an exchange.
//
// The two directions are captured by different threads: a response that comes before its request is
// held, with everything behind it, until the request comes. Not thread-safe; pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/hpack.h"
#include "agent/http/http2_frame.h"
#include "agent/http/http2_stream.h"
#include "agent/http/message.h"
#include "agent/http/start_line.h"

namespace sonde::http {

class Http2Connection {
 public:
  // All borrowed. `joined_late`: neither direction is known to begin with a frame. Exchanges are
  // numbered from `first`.
  Http2Connection(ExchangeHandler& handler, const Limits& limits, Counters& counters,
                  bool joined_late, ExchangeNumber first = 1);
  ~Http2Connection();

  // The next bytes of the direction that requests or responses travel in.
  void consume(StartKind direction, Bytes bytes);
  // `count` bytes of that direction were lost (0: unknown how many).
  void gap(StartKind direction, uint64_t count);
  // Ends everything in flight.
  void close();

  // Before any byte: the connection was upgraded from HTTP/1.1 by an exchange whose request was
  // reported and ended; its response comes on stream 1 (RFC 7540, 3.2).
  void adopt_upgraded(ExchangeNumber number);

 private:
  // One direction.
  struct Lane {
    Lane(StartKind kind, const Limits& limits, bool joined_late);
    StartKind kind;
    Http2FrameReader reader;
    HpackDecoder decoder;
    HeaderBlock block;          // of the header section being read
    uint32_t block_stream = 0;  // 0: none
    bool block_pushed = false;  // it is a promise: decoded for the table's sake only
    bool block_ends_stream = false;
    bool block_broken = false;
    std::string small;  // payload of a GOAWAY frame, as far as it is needed
    std::string held;   // came before the request that the frame begun belongs to
    bool waiting = false;
  };

  static size_t index(StartKind direction) { return static_cast<size_t>(direction); }
  Lane& lane(StartKind direction) { return *lanes_[index(direction)]; }

  void pump(Lane& lane, Bytes& input);
  bool on_begin(Lane& lane);
  void on_content(Lane& lane, Bytes content);
  void on_frame_end(Lane& lane);
  void begin_block(Lane& lane);
  void end_block(Lane& lane);
  void on_request_fields(Lane& lane, Head&& head);
  void on_response_fields(Lane& lane, Head&& head);
  void open_stream(uint32_t id, const Head& head);
  bool give_up_damaged();
  void on_data(Lane& lane, Bytes content);
  void on_reset(uint32_t id);
  void on_goaway(Lane& lane);
  void on_lost(Lane& lane);
  void resynchronise(Lane& lane);
  void hold(Lane& lane, Bytes& input);
  void release();

  Http2Stream* find(uint32_t id);
  void end_half(uint32_t id, Http2Stream& stream, StartKind direction, End end);
  void end_stream(uint32_t id);

  ExchangeHandler* handler_;
  const Limits* limits_;
  Counters* counters_;
  std::array<std::unique_ptr<Lane>, 2> lanes_;  // by direction
  std::unordered_map<uint32_t, Http2Stream> streams_;
  ExchangeNumber next_number_;
  uint32_t last_request_stream_ = 0;
  bool requests_heard_;  // no request opened before the next one was missed
};

}  // namespace sonde::http
