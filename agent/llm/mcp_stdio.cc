#include "agent/llm/mcp_stdio.h"

#include <utility>

namespace sonde::llm {

McpStdio::McpStdio(const Limits& limits, Counters& counters, Context& shared, Sink sink)
    : limits_(limits),
      counters_(counters),
      shared_(shared),
      sink_(std::move(sink)),
      scope_(shared.next_scope++),
      parser_(limits.json_depth) {
  base_.capture.tls = "stdio";
}

void McpStdio::set_time(MonoTime mono, WallTime wall) {
  now_ = mono;
  wall_ = wall;
}

void McpStdio::consume(http::Direction direction, Bytes bytes) {
  Lane& lane = lanes_[static_cast<size_t>(direction)];
  std::string_view rest = as_text(bytes);
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view piece = rest.substr(0, end);
    if (!lane.skipping && lane.line.size() + piece.size() > limits_.body_bytes) {
      lane.skipping = true;
      lane.line = std::string();
      counters_.add(Count::kJsonInvalid);
    }
    if (!lane.skipping) lane.line.append(piece);
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
    end_line(direction, lane);
  }
}

void McpStdio::note_strange_line() {
  ++strange_lines_;
  if (messages_ == 0 && strange_lines_ == kStrangeLines) counters_.add(Count::kConnectionsNotHttp);
}

void McpStdio::end_line(http::Direction direction, Lane& lane) {
  const bool skipped = std::exchange(lane.skipping, false);
  const std::string line = std::exchange(lane.line, {});
  if (skipped || line.empty() || (line[0] != '{' && line[0] != '[')) {
    if (!line.empty()) note_strange_line();
    return;
  }
  const std::optional<Json> json = parser_.parse(line);
  if (!json || !is_mcp_message(*json)) {
    note_strange_line();
    return;
  }
  ++messages_;
  shared_.mcp.message({.scope = scope_,
                       .forward = direction == http::Direction::kSent,
                       .session = {},
                       .now = now_,
                       .wall = wall_},
                      *json, base_, sink_);
}

void McpStdio::gap(http::Direction direction, uint64_t lost_bytes) {
  Lane& lane = lanes_[static_cast<size_t>(direction)];
  base_.capture.lost_bytes += lost_bytes;
  lane.line.clear();
  lane.skipping = true;
}

void McpStdio::finish() { shared_.mcp.end(scope_, now_, sink_); }

}  // namespace sonde::llm
