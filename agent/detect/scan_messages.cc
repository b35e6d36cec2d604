#include "agent/detect/scan_messages.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "agent/llm/content_types.h"

namespace sonde::detect {

namespace {

using Json = nlohmann::json;
using llm::Message;
using llm::Part;
using llm::PartType;
using llm::Zone;

struct Role {
  std::string_view name;
  Zone zone;
};
constexpr auto kRoles = std::to_array<Role>({
    {"system", Zone::kSystem},       {"platform", Zone::kSystem},
    {"instructions", Zone::kSystem}, {"developer", Zone::kDeveloper},
    {"user", Zone::kUser},           {"human", Zone::kUser},
    {"customer", Zone::kUser},       {"assistant", Zone::kAssistant},
    {"model", Zone::kAssistant},     {"ai", Zone::kAssistant},
    {"bot", Zone::kAssistant},       {"chatbot", Zone::kAssistant},
    {"gpt", Zone::kAssistant},       {"agent", Zone::kAssistant},
    {"tool", Zone::kTool},           {"function", Zone::kTool},
    {"ipython", Zone::kTool},        {"observation", Zone::kTool},
    {"environment", Zone::kTool},    {"document", Zone::kTool},
    {"context", Zone::kTool},
});

const Json* member(const Json& object, const char* key) {
  const auto place = object.find(key);
  return place != object.end() && !place->is_null() ? &*place : nullptr;
}

std::string first_string(const Json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    std::string value = string_at(object, key);
    if (!value.empty()) return value;
  }
  return {};
}

std::string joined_text(const Json& content);

// {"source": {"type": "text", "data": "..."}} or {"type": "content", "content": [...]}.
std::string text_of_source(const Json& source) {
  if (!source.is_object()) return {};
  if (string_at(source, "type") == "text") return string_at(source, "data");
  const Json* content = member(source, "content");
  return content != nullptr ? joined_text(*content) : std::string();
}

std::string text_of_block(const Json& block) {
  if (!block.is_object()) return scan_text(block);
  if (const Json* text = member(block, "text")) return scan_text(*text);
  if (const Json* source = member(block, "source"); source != nullptr && source->is_object()) {
    return text_of_source(*source);
  }
  return scan_text(block);
}

// The texts of a content value: a string, or blocks that hold a "text". Lines apart.
std::string joined_text(const Json& content) {
  if (!content.is_array()) return text_of_block(content);
  std::string out;
  for (const Json& block : content) {
    if (!out.empty()) out.push_back('\n');
    out += text_of_block(block);
  }
  return out;
}

Part call_part(std::string id, std::string name, const Json* arguments) {
  return {.type = PartType::kToolCall,
          .id = std::move(id),
          .name = std::move(name),
          .arguments = arguments != nullptr ? scan_text(*arguments) : std::string()};
}

Part result_part(std::string id, std::string name, const Json* result) {
  return {.type = PartType::kToolCallResponse,
          .content = result != nullptr ? joined_text(*result) : std::string(),
          .id = std::move(id),
          .name = std::move(name)};
}

bool is_result_type(std::string_view type) {
  return llm::is_tool_result(type) || type == "tool_call_response" || type.ends_with("_output");
}

bool is_call_type(std::string_view type) {
  return llm::is_tool_use(type) || type == "tool_call" || type == "function_call" ||
         type.ends_with("_call");
}

// {"functionCall": {...}} and the like: an object under a key instead of a type.
std::optional<Part> read_keyed(const Json& block) {
  for (const char* key : {"functionCall", "function_call", "toolUse"}) {
    const Json* call = member(block, key);
    if (call == nullptr || !call->is_object()) continue;
    const Json* arguments = member(*call, "args");
    if (arguments == nullptr) arguments = member(*call, "input");
    return call_part(first_string(*call, {"id", "toolUseId"}), string_at(*call, "name"), arguments);
  }
  for (const char* key : {"functionResponse", "function_response", "toolResult"}) {
    const Json* result = member(block, key);
    if (result == nullptr || !result->is_object()) continue;
    const Json* content = member(*result, "response");
    if (content == nullptr) content = member(*result, "content");
    return result_part(first_string(*result, {"id", "toolUseId"}), string_at(*result, "name"),
                       content);
  }
  return std::nullopt;
}

// Items of the responses API and blocks that are a call or a result by their type.
std::optional<Part> read_typed(const Json& block, const std::string& type) {
  const std::string id = first_string(block, {"tool_use_id", "call_id", "id"});
  if (is_result_type(type)) {
    for (const char* key : {"content", "result", "output", "results"}) {
      if (const Json* result = member(block, key)) {
        return result_part(id, string_at(block, "name"), result);
      }
    }
    return result_part(id, string_at(block, "name"), nullptr);
  }
  if (is_call_type(type)) {
    for (const char* key : {"arguments", "input", "action", "args"}) {
      if (const Json* arguments = member(block, key)) {
        return call_part(id, string_at(block, "name"), arguments);
      }
    }
    return call_part(id, string_at(block, "name"), nullptr);
  }
  if (llm::is_retrieved(type)) {
    const Json* content = member(block, "content");
    std::string text = content != nullptr ? joined_text(*content) : text_of_block(block);
    return Part{.type = PartType::kToolCallResponse, .content = std::move(text)};
  }
  return std::nullopt;
}

void read_content(const Json& content, Message& message) {
  if (content.is_array()) {
    for (const Json& block : content) {
      message.parts.push_back(read_scan_block(block, message.zone));
    }
  } else if (!content.is_null()) {
    const bool result = message.zone == Zone::kTool;
    message.parts.push_back({.type = result ? PartType::kToolCallResponse : PartType::kText,
                             .content = joined_text(content)});
  }
}

void read_calls(const Json& source, Message& message) {
  const Json* calls = member(source, "tool_calls");
  if (calls != nullptr && calls->is_array()) {
    for (const Json& call : *calls) {
      if (!call.is_object()) continue;
      const Json* function = member(call, "function");
      if (function == nullptr) function = &call;
      if (!function->is_object()) continue;
      const Json* arguments = member(*function, "arguments");
      if (arguments == nullptr) arguments = member(*function, "args");
      message.parts.push_back(
          call_part(string_at(call, "id"), string_at(*function, "name"), arguments));
    }
  }
  const Json* legacy = member(source, "function_call");
  if (legacy != nullptr && legacy->is_object()) {
    message.parts.push_back(
        call_part({}, string_at(*legacy, "name"), member(*legacy, "arguments")));
  }
}

Zone zone_of_shape(const Json& source, const std::string& type, Zone usual) {
  if (source.contains("tool_call_id") || source.contains("tool_use_id") || is_result_type(type)) {
    return Zone::kTool;
  }
  if (source.contains("tool_calls") || source.contains("function_call") || is_call_type(type) ||
      type == "reasoning") {
    return Zone::kAssistant;
  }
  return usual;
}

}  // namespace

std::string string_at(const Json& object, const char* key) {
  const auto place = object.find(key);
  return place != object.end() && place->is_string() ? place->get<std::string>() : std::string();
}

std::string scan_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Zone> zone_named(std::string_view role) {
  std::string name(role);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const auto* const place = std::find_if(kRoles.begin(), kRoles.end(),
                                         [&](const Role& known) { return known.name == name; });
  return place == kRoles.end() ? std::nullopt : std::optional(place->zone);
}

Part read_scan_block(const Json& block, Zone zone) {
  const PartType own = zone == Zone::kTool ? PartType::kToolCallResponse : PartType::kText;
  if (block.is_string()) return {.type = own, .content = block.get<std::string>()};
  if (!block.is_object()) return {.type = PartType::kBlob};
  const std::string type = string_at(block, "type");
  if (auto part = read_typed(block, type)) return std::move(*part);
  if (auto part = read_keyed(block)) return std::move(*part);
  Part part{.type = own};
  if (type == "reasoning" || type == "thinking") part.type = PartType::kReasoning;
  if (type == "refusal") part.type = PartType::kRefusal;
  for (const char* key : {"text", "content", "thinking", "refusal", "summary"}) {
    if (const Json* text = member(block, key)) {
      part.content = joined_text(*text);
      return part;
    }
  }
  return {.type = PartType::kBlob};
}

Message read_scan_message(const Json& source, Zone usual) {
  Message message;
  message.role = first_string(source, {"role", "from"});
  const std::string type = string_at(source, "type");
  message.zone = zone_of_shape(source, type, usual);
  if (!message.role.empty()) message.zone = zone_named(message.role).value_or(Zone::kTool);
  if (const auto zone = zone_named(string_at(source, "zone"))) message.zone = *zone;
  message.finish_reason = string_at(source, "finish_reason");
  if (message.role.empty()) {
    message.role = llm::to_string(message.zone);
    if (auto item = read_typed(source, type)) {
      message.parts.push_back(std::move(*item));
      return message;
    }
  }
  for (const char* key : {"parts", "content", "value", "text", "summary"}) {
    const Json* content = member(source, key);
    if (content == nullptr) continue;
    read_content(*content, message);
    break;
  }
  read_calls(source, message);
  for (Part& part : message.parts) {
    if (part.type != PartType::kToolCallResponse) continue;
    if (part.id.empty()) part.id = string_at(source, "tool_call_id");
    if (part.name.empty()) part.name = string_at(source, "name");
  }
  return message;
}

}  // namespace sonde::detect
