#include "agent/llm/exchange.h"

namespace sonde::llm {

std::string_view to_string(Zone zone) {
  switch (zone) {
    case Zone::kSystem:
      return "system";
    case Zone::kDeveloper:
      return "developer";
    case Zone::kUser:
      return "user";
    case Zone::kAssistant:
      return "assistant";
    case Zone::kTool:
      return "tool";
  }
  return "user";
}

std::string_view to_string(PartType type) {
  switch (type) {
    case PartType::kText:
      return "text";
    case PartType::kReasoning:
      return "reasoning";
    case PartType::kRefusal:
      return "refusal";
    case PartType::kToolCall:
      return "tool_call";
    case PartType::kToolCallResponse:
      return "tool_call_response";
    case PartType::kBlob:
      return "blob";
  }
  return "text";
}

}  // namespace sonde::llm
