// One stream of an HTTP/2 connection: a request and its response (RFC 9113, 8.1), or a WebSocket
// that was opened by an extended CONNECT (RFC 8441). Not thread-safe; pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/body.h"
#include "agent/http/message.h"
#include "agent/http/start_line.h"
#include "agent/http/websocket_reader.h"

namespace sonde::http {

class Http2Stream {
 public:
  // All borrowed; `number` is the exchange that is reported.
  Http2Stream(ExchangeNumber number, ExchangeHandler& handler, const Limits& limits,
              Counters& counters);

  // The head of the message in this direction; each message begins once.
  void begin(StartKind direction, const Head& head);
  // The request was reported, and ended, by another protocol before.
  void adopt_request();
  void data(StartKind direction, Bytes content);
  // `count` bytes of content are missing (0: unknown how many).
  void gap(StartKind direction, uint64_t count);
  // Frames of the direction were lost: any of them may have been of this stream.
  void lose_frames(StartKind direction);
  // Reports the end, once; what was not heard whole ends kTruncated.
  void end(StartKind direction, End end);

  bool begun(StartKind direction) const { return halves_[index(direction)].begun; }
  bool ended(StartKind direction) const { return halves_[index(direction)].ended; }
  bool damaged(StartKind direction) const { return halves_[index(direction)].damaged; }

 private:
  // One message.
  struct Half {
    Half(const Limits& limits, Counters& counters) : body(limits, counters) {}
    Body body;
    std::unique_ptr<WebSocketReader> messages;  // instead of the body
    bool begun = false;
    bool damaged = false;  // frames of it may have been lost
    bool ended = false;
  };
  static size_t index(StartKind direction) { return static_cast<size_t>(direction); }
  Half& half(StartKind direction) { return halves_[index(direction)]; }
  void deliver(StartKind direction, Bytes piece);
  void report_gap(StartKind direction, uint64_t count);
  void read_messages(StartKind direction, Bytes content);
  void tell_message(StartKind direction, WebSocketReader::Event event);

  ExchangeNumber number_;
  ExchangeHandler* handler_;
  const Limits* limits_;
  Counters* counters_;
  std::array<Half, 2> halves_;  // by direction
};

}  // namespace sonde::http
