// A connection that was upgraded to WebSocket: its messages are the body of the exchange that
// upgraded it. Not thread-safe; pure.
#pragma once

#include <string_view>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/message.h"
#include "agent/http/start_line.h"
#include "agent/http/websocket_reader.h"

namespace sonde::http {

class WebSocketConnection {
 public:
  // All borrowed. Both heads of `exchange` were reported, neither message was ended. `extensions`:
  // the Sec-WebSocket-Extensions the server agreed to.
  WebSocketConnection(ExchangeHandler& handler, const Limits& limits, Counters& counters,
                      ExchangeNumber exchange, std::string_view extensions);

  void consume(StartKind direction, Bytes bytes);
  void gap(StartKind direction, uint64_t count);
  // Ends both messages: kTruncated where a message was cut or lost.
  void close();

 private:
  struct Lane {
    WebSocketReader reader;
    bool lost = false;
  };
  Lane& lane(StartKind direction) { return direction == StartKind::kRequest ? client_ : server_; }
  void tell(StartKind direction, WebSocketReader::Event event);

  ExchangeHandler* handler_;
  ExchangeNumber exchange_;
  Lane client_;
  Lane server_;
};

}  // namespace sonde::http
