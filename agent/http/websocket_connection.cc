#include "agent/http/websocket_connection.h"

#include <algorithm>

#include "agent/http/text.h"

namespace sonde::http {
namespace {

// Whether the agreed permessage-deflate (RFC 7692, 7.1.1) has the parameter.
bool has_parameter(std::string_view extensions, std::string_view parameter) {
  while (!extensions.empty()) {
    const size_t end = std::min(extensions.find_first_of(";,"), extensions.size());
    if (equals_ignoring_case(trim(extensions.substr(0, end)), parameter)) return true;
    extensions.remove_prefix(std::min(end + 1, extensions.size()));
  }
  return false;
}

}  // namespace

WebSocketConnection::WebSocketConnection(ExchangeHandler& handler, const Limits& limits,
                                         Counters& counters, ExchangeNumber exchange,
                                         std::string_view extensions)
    : handler_(&handler),
      exchange_(exchange),
      client_{WebSocketReader(limits, counters, true,
                              !has_parameter(extensions, "client_no_context_takeover"))},
      server_{WebSocketReader(limits, counters, false,
                              !has_parameter(extensions, "server_no_context_takeover"))} {}

void WebSocketConnection::consume(StartKind direction, Bytes bytes) {
  WebSocketReader& reader = lane(direction).reader;
  for (;;) {
    const WebSocketReader::Event event = reader.next(bytes);
    if (event == WebSocketReader::Event::kNeedMore) return;
    tell(direction, event);
  }
}

void WebSocketConnection::tell(StartKind direction, WebSocketReader::Event event) {
  Lane& from = lane(direction);
  const bool request = direction == StartKind::kRequest;
  if (event == WebSocketReader::Event::kDropped) {
    from.lost = true;
    request ? handler_->on_request_gap(exchange_, 0) : handler_->on_response_gap(exchange_, 0);
    return;
  }
  const Bytes message = as_bytes(from.reader.message());
  if (event != WebSocketReader::Event::kMessage || message.empty()) return;
  request ? handler_->on_request_body(exchange_, message)
          : handler_->on_response_body(exchange_, message);
}

void WebSocketConnection::gap(StartKind direction, uint64_t count) {
  tell(direction, lane(direction).reader.gap(count));
}

void WebSocketConnection::close() {
  const auto end = [](const Lane& from) {
    return from.lost || !from.reader.between_messages() ? End::kTruncated : End::kComplete;
  };
  handler_->on_request_end(exchange_, end(client_));
  handler_->on_response_end(exchange_, end(server_));
}

}  // namespace sonde::http
