// The messages of a WebSocket, one a line: '>' from the client, anything else from the server.
#include <cstdint>
#include <string_view>

#include "agent/llm/assembler.h"
#include "agent/llm/exchange_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sonde::Limits limits;
  limits.pipelined_requests = 4;
  limits.tool_calls = 50;
  sonde::Counters counters;
  sonde::llm::Assembler assembler(limits, counters, [](sonde::llm::Exchange&& exchange) {
    sonde::llm::exchange_json(exchange, nullptr);
  });
  sonde::http::Head head;
  head.method = "GET";
  head.target = "/v1/realtime?model=m";
  head.fields = {{"host", "api.openai.com"}, {"upgrade", "websocket"}};
  assembler.on_request_head(1, head);
  sonde::http::Head switching;
  switching.status = 101;
  assembler.on_response_head(1, switching);
  std::string_view text = sonde::as_text(std::as_bytes(std::span(data, size)));
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.starts_with('>')) {
      assembler.on_request_body(1, sonde::as_bytes(line.substr(1)));
    } else {
      assembler.on_response_body(1, sonde::as_bytes(line));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  assembler.finish();
  return 0;
}
