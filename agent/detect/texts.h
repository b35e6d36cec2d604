// The texts of one exchange in the order a person would read them, each with its place.
// Views into the exchange, which must outlive them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/llm/exchange.h"

namespace sonde::detect {

enum class TextKind : uint8_t {
  kInstructions,    // system instructions
  kToolDefinition,  // description or parameters of a tool
  kMessage,         // text, refusal
  kReasoning,
  kToolCall,    // arguments of a call, JSON as sent
  kToolResult,  // what a tool answered
};

struct Text {
  std::string_view text;
  TextKind kind = TextKind::kMessage;
  llm::Zone zone = llm::Zone::kUser;
  int message_index = -1;  // as Finding::message_index
  int part_index = -1;     // of a message with several parts: which of them
  bool output = false;     // part of the answer
  std::string_view json_path;
  const llm::Part* part = nullptr;            // not for tool definitions
  const llm::ToolDefinition* tool = nullptr;  // tool definitions only
};

// Texts beyond limits.exchange_text_bytes are left out and counted. Empty ones are left out.
std::vector<Text> collect_texts(const llm::Exchange& exchange, const Limits& limits,
                                Counters& counters);

}  // namespace sonde::detect
