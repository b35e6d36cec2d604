// The three forms of input that `sonde scan` reads.
#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "agent/detect/scan.h"

namespace sonde::detect {

namespace {

using Json = nlohmann::json;
using llm::Message;
using llm::Part;
using llm::PartType;
using llm::Zone;

constexpr size_t kDeepest = 256;

// The library's own functions recurse by depth, so that a deep line must not reach them.
bool too_deep(std::string_view line) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::string string_at(const Json& object, const char* key) {
  const auto place = object.find(key);
  return place != object.end() && place->is_string() ? place->get<std::string>() : std::string();
}

const Json* array_at(const Json& object, const char* key) {
  const auto place = object.find(key);
  return place != object.end() && place->is_array() ? &*place : nullptr;
}

// A string as it is, anything else as JSON text.
std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Zone> zone_named(std::string_view name) {
  if (name == "system") return Zone::kSystem;
  if (name == "developer") return Zone::kDeveloper;
  if (name == "user") return Zone::kUser;
  if (name == "assistant" || name == "model") return Zone::kAssistant;
  if (name == "tool" || name == "function") return Zone::kTool;
  return std::nullopt;
}

Part tool_call(std::string id, std::string name, const Json& arguments) {
  return {.type = PartType::kToolCall,
          .id = std::move(id),
          .name = std::move(name),
          .arguments = text_of(arguments)};
}

// The texts of a content value: a string, or blocks that hold a "text" or further "content".
std::string joined_text(const Json& content) {
  if (!content.is_array()) return text_of(content);
  std::string out;
  for (const Json& block : content) {
    const bool has_text = block.is_object() && block.contains("text");
    if (!out.empty()) out.push_back('\n');
    out += has_text ? text_of(block["text"]) : text_of(block);
  }
  return out;
}

// One block of a message in the forms of chat completions, messages and sonde.exchange/1.
std::optional<Part> read_block(const Json& block, Zone zone) {
  if (block.is_string()) return Part{.content = block.get<std::string>()};
  if (!block.is_object()) return std::nullopt;
  const std::string type = string_at(block, "type");
  if (type == "tool_call" || type == "tool_use") {
    const char* arguments = type == "tool_use" ? "input" : "arguments";
    return tool_call(string_at(block, "id"), string_at(block, "name"),
                     block.value(arguments, Json()));
  }
  if (type == "tool_call_response" || type == "tool_result") {
    const char* result = type == "tool_result" ? "content" : "result";
    const char* id = block.contains("tool_use_id") ? "tool_use_id" : "id";
    return Part{.type = PartType::kToolCallResponse,
                .content = joined_text(block.value(result, Json())),
                .id = string_at(block, id),
                .name = string_at(block, "name")};
  }
  Part part;
  if (type == "reasoning" || type == "thinking") part.type = PartType::kReasoning;
  if (type == "refusal") part.type = PartType::kRefusal;
  if (zone == Zone::kTool) part.type = PartType::kToolCallResponse;
  for (const char* key : {"text", "content", "thinking", "refusal"}) {
    if (block.contains(key)) {
      part.content = joined_text(block[key]);
      return part;
    }
  }
  return std::nullopt;
}

void read_content(const Json& content, Message& message) {
  if (content.is_array()) {
    for (const Json& block : content) {
      if (auto part = read_block(block, message.zone)) message.parts.push_back(std::move(*part));
    }
  } else if (!content.is_null()) {
    const bool result = message.zone == Zone::kTool;
    message.parts.push_back({.type = result ? PartType::kToolCallResponse : PartType::kText,
                             .content = text_of(content)});
  }
}

void read_calls(const Json& source, Message& message) {
  if (const Json* calls = array_at(source, "tool_calls")) {
    for (const Json& call : *calls) {
      if (!call.is_object()) continue;
      const Json function = call.value("function", call);
      if (!function.is_object()) continue;
      message.parts.push_back(tool_call(string_at(call, "id"), string_at(function, "name"),
                                        function.value("arguments", Json())));
    }
  }
  const auto legacy = source.find("function_call");
  if (legacy != source.end() && legacy->is_object()) {
    message.parts.push_back(
        tool_call({}, string_at(*legacy, "name"), legacy->value("arguments", Json())));
  }
}

Result<Message> read_message(const Json& source) {
  if (!source.is_object()) return fail("a message is not an object");
  Message message;
  message.role = string_at(source, "role");
  const std::string zone_name = source.contains("zone") ? string_at(source, "zone") : message.role;
  const auto zone = zone_named(zone_name);
  if (!zone) return fail("a message has no known role");
  message.zone = *zone;
  message.finish_reason = string_at(source, "finish_reason");
  if (source.contains("parts")) read_content(source["parts"], message);
  if (source.contains("content")) read_content(source["content"], message);
  read_calls(source, message);
  for (Part& part : message.parts) {
    if (part.type != PartType::kToolCallResponse) continue;
    if (part.id.empty()) part.id = string_at(source, "tool_call_id");
    if (part.name.empty()) part.name = string_at(source, "name");
  }
  return message;
}

Status read_messages(const Json& source, const char* key, std::vector<Message>& out) {
  const Json* messages = array_at(source, key);
  if (messages == nullptr) return {};
  for (const Json& entry : *messages) {
    Json with_role = entry;
    if (entry.is_object() && !entry.contains("role") && !entry.contains("zone")) {
      with_role["role"] = "assistant";  // output messages may leave it out
    }
    Result<Message> message = read_message(with_role);
    if (!message.ok()) return tl::unexpected(message.error());
    out.push_back(std::move(*message));
  }
  return {};
}

void read_tools(const Json& source, const char* key, llm::Exchange& exchange) {
  const Json* tools = array_at(source, key);
  if (tools == nullptr) return;
  for (const Json& entry : *tools) {
    if (!entry.is_object()) continue;
    const Json tool = entry.value("function", entry);
    if (!tool.is_object()) continue;
    const char* schema = tool.contains("input_schema")  ? "input_schema"
                         : tool.contains("inputSchema") ? "inputSchema"
                                                        : "parameters";
    exchange.tools.push_back({.name = string_at(tool, "name"),
                              .description = string_at(tool, "description"),
                              .parameters = text_of(tool.value(schema, Json()))});
  }
}

Result<llm::Exchange> read_text_form(const Json& source) {
  llm::Exchange exchange;
  const std::string zone_name = source.contains("zone") ? string_at(source, "zone") : "user";
  const auto zone = zone_named(zone_name);
  if (!zone) return fail("\"zone\" must be user, tool, assistant, system or developer");
  if (!source["text"].is_string()) return fail("\"text\" must be a string");
  const PartType type = *zone == Zone::kTool ? PartType::kToolCallResponse : PartType::kText;
  Message message{.role = zone_name, .zone = *zone};
  message.parts.push_back({.type = type, .content = source["text"].get<std::string>()});
  auto& place = *zone == Zone::kAssistant ? exchange.output : exchange.input;
  place.push_back(std::move(message));
  return exchange;
}

void read_verdicts(const Json& source, llm::Exchange& exchange) {
  const Json* verdicts = array_at(source, "provider_verdicts");
  if (verdicts == nullptr) return;
  const auto flag = [](const Json& entry, const char* key) {
    const auto place = entry.find(key);
    return place != entry.end() && place->is_boolean() && place->get<bool>();
  };
  for (const Json& entry : *verdicts) {
    if (!entry.is_object()) continue;
    exchange.verdicts.push_back(
        {string_at(entry, "name"), flag(entry, "detected"), flag(entry, "filtered")});
  }
}

Result<llm::Exchange> read_exchange_form(const Json& source) {
  llm::Exchange exchange;
  exchange.id = string_at(source, "id");
  exchange.operation = string_at(source, "gen_ai.operation.name");
  exchange.provider = string_at(source, "gen_ai.provider.name");
  exchange.request_model = string_at(source, "gen_ai.request.model");
  exchange.response_model = string_at(source, "gen_ai.response.model");
  exchange.conversation_id = string_at(source, "gen_ai.conversation.id");
  if (const Json* system = array_at(source, "gen_ai.system_instructions")) {
    for (const Json& entry : *system) {
      auto part = read_block(entry, Zone::kSystem);
      if (part) exchange.system_instructions.push_back(std::move(*part));
    }
  }
  for (auto [key, place] : {std::pair{"gen_ai.input.messages", &exchange.input},
                            std::pair{"gen_ai.output.messages", &exchange.output}}) {
    if (Status status = read_messages(source, key, *place); !status.ok()) {
      return tl::unexpected(status.error());
    }
  }
  read_tools(source, "gen_ai.tool.definitions", exchange);
  read_verdicts(source, exchange);
  return exchange;
}

}  // namespace

Result<llm::Exchange> parse_scan_line(std::string_view line) {
  if (too_deep(line)) return fail("JSON nested deeper than 256 levels");
  const Json source = Json::parse(line, nullptr, false);
  if (source.is_discarded()) return fail("not valid JSON");
  if (!source.is_object()) return fail("not a JSON object");
  if (string_at(source, "schema").rfind("sonde.exchange/", 0) == 0 ||
      source.contains("gen_ai.input.messages")) {
    return read_exchange_form(source);
  }
  if (source.contains("messages")) {
    if (!source["messages"].is_array()) return fail("\"messages\" must be an array");
    llm::Exchange exchange;
    if (Status status = read_messages(source, "messages", exchange.input); !status.ok()) {
      return tl::unexpected(status.error());
    }
    read_tools(source, "tools", exchange);
    return exchange;
  }
  if (source.contains("text")) return read_text_form(source);
  return fail("neither \"text\" nor \"messages\" nor an exchange");
}

}  // namespace sonde::detect
