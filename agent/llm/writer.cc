#include "agent/llm/writer.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/llm/json.h"
#include "agent/llm/utf8.h"

namespace sonde::llm {
namespace {

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

struct RoleZone {
  std::string_view role;
  Zone zone;
};
constexpr std::string_view kAssistant = "assistant";
constexpr auto kRoleZones = std::to_array<RoleZone>({
    {"system", Zone::kSystem},
    {"developer", Zone::kDeveloper},
    {kAssistant, Zone::kAssistant},
    {"model", Zone::kAssistant},
    {"chatbot", Zone::kAssistant},
    {"ai", Zone::kAssistant},
    {"bot", Zone::kAssistant},
    {"tool", Zone::kTool},
    {"function", Zone::kTool},
    {"ipython", Zone::kTool},
    {"observation", Zone::kTool},
    {"context", Zone::kTool},
});

// Gemini's "model" and Cohere's "CHATBOT" are what OpenTelemetry calls the assistant.
std::string_view usual_role(std::string_view role) {
  return role.empty() || equal_ignoring_case(role, "model") || equal_ignoring_case(role, "chatbot")
             ? kAssistant
             : role;
}

}  // namespace

Zone zone_of_role(std::string_view role) {
  for (const RoleZone& known : kRoleZones) {
    if (equal_ignoring_case(role, known.role)) return known.zone;
  }
  return Zone::kUser;
}

std::string json_path(std::string_view parent, std::string_view member) {
  std::string path(parent);
  path += '.';
  path += member;
  return path;
}

std::string json_path(std::string_view parent, size_t index) {
  std::string path(parent);
  path += '[';
  path += std::to_string(index);
  path += ']';
  return path;
}

void Writer::refuse() {
  if (!truncated_) counters_.add(Count::kTextTruncated);
  truncated_ = true;
}

Message& Writer::input(std::string_view role, Zone zone) {
  const bool room = exchange_.input.size() < limits_.messages;
  if (!room) refuse();
  Message& message = room ? exchange_.input.emplace_back() : (spare_message_ = Message{});
  append(message.role, role.empty() ? role : usual_role(role));
  message.zone = zone;
  return message;
}

Message& Writer::output(std::string_view role) {
  const bool room = exchange_.output.size() < limits_.messages;
  if (!room) refuse();
  Message& message = room ? exchange_.output.emplace_back() : (spare_message_ = Message{});
  append(message.role, usual_role(role));
  message.zone = Zone::kAssistant;
  return message;
}

Part& Writer::part(std::vector<Part>& parts, PartType type, std::string path) {
  const bool room = parts_ < limits_.parts;
  if (!room) refuse();
  parts_ += room ? 1 : 0;
  Part& part = room ? parts.emplace_back() : (spare_part_ = Part{});
  part.type = type;
  part.json_path = std::move(path);
  return part;
}

void Writer::text(std::vector<Part>& parts, PartType type, std::string_view text,
                  std::string path) {
  if (text.empty()) return;
  append(part(parts, type, std::move(path)).content, text);
}

ToolDefinition& Writer::tool() {
  const bool room = parts_ < limits_.parts;
  if (!room) refuse();
  parts_ += room ? 1 : 0;
  return room ? exchange_.tools.emplace_back() : (spare_tool_ = ToolDefinition{});
}

void Writer::verdict(std::string_view name, bool detected, bool filtered) {
  for (ProviderVerdict& known : exchange_.verdicts) {
    if (known.name != name) continue;
    known.detected = known.detected || detected;
    known.filtered = known.filtered || filtered;
    return;
  }
  constexpr size_t kMaxVerdicts = 64;  // providers have about a dozen categories
  if (exchange_.verdicts.size() >= kMaxVerdicts) return refuse();
  ProviderVerdict& verdict = exchange_.verdicts.emplace_back();
  append(verdict.name, name);
  verdict.detected = detected;
  verdict.filtered = filtered;
}

void Writer::finish_reason(std::string_view reason) {
  if (reason.empty()) return;
  if (exchange_.finish_reasons.size() >= limits_.messages) return refuse();
  append(exchange_.finish_reasons.emplace_back(), reason);
}

void Writer::append(std::string& target, std::string_view text) {
  const size_t left = limits_.exchange_text_bytes - text_bytes_;
  if (text.size() > left) refuse();
  const std::string_view kept = utf8_prefix(text, left);
  text_bytes_ += kept.size();
  target.append(kept);
}

void Writer::annotate(std::string& list, const Json& annotations) {
  if (!annotations.is_array() && !annotations.is_object()) return;
  const std::string text = annotations.dump();
  const std::string_view items =
      annotations.is_array() ? std::string_view(text).substr(1, text.size() - 2) : text;
  if (items.size() <= 2) return;  // nothing, or {}
  // All or nothing: half an annotation would be no JSON.
  if (items.size() > limits_.exchange_text_bytes - text_bytes_) return refuse();
  if (list.empty()) {
    list = "[";
  } else {
    list.back() = ',';
  }
  append(list, items);
  list += ']';
}

bool Writer::admit_state() {
  if (states_ < limits_.tool_calls) {
    ++states_;
    return true;
  }
  refuse();
  return false;
}

}  // namespace sonde::llm
