// The two pipes of an MCP server: a line that begins with '>' was sent, any other was received.
#include <cstdint>
#include <string_view>

#include "agent/llm/exchange_json.h"
#include "agent/llm/mcp_stdio.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sonde::Limits limits;
  limits.rpc_calls = 4;
  sonde::Counters counters;
  sonde::llm::Context shared(limits, counters);
  sonde::llm::McpStdio pipes(limits, counters, shared, [](sonde::llm::Exchange&& exchange) {
    sonde::llm::exchange_json(exchange, nullptr);
  });
  std::string_view text = sonde::as_text(std::as_bytes(std::span(data, size)));
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end == std::string_view::npos ? end : end + 1);
    const bool sent = line.starts_with('>');
    pipes.consume(sent ? sonde::http::Direction::kSent : sonde::http::Direction::kReceived,
                  sonde::as_bytes(line.substr(sent ? 1 : 0)));
    text.remove_prefix(line.size());
  }
  pipes.finish();
  return 0;
}
