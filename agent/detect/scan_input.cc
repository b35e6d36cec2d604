// The three forms of input that `sonde scan` reads.
#include <iterator>
#include <optional>

#include <nlohmann/json.hpp>

#include "agent/detect/scan.h"
#include "agent/detect/scan_messages.h"

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

const Json* array_at(const Json& object, const char* key) {
  const auto place = object.find(key);
  return place != object.end() && place->is_array() ? &*place : nullptr;
}

Status read_messages(const Json& source, const char* key, Zone usual, std::vector<Message>& out) {
  const Json* messages = array_at(source, key);
  if (messages == nullptr) return {};
  for (const Json& entry : *messages) {
    if (!entry.is_object()) return fail("a message is not an object");
    out.push_back(read_scan_message(entry, usual));
  }
  return {};
}

// What the assistant says last is the answer.
void split_answer(llm::Exchange& exchange) {
  std::vector<Message>& input = exchange.input;
  auto first = input.end();
  while (first != input.begin() && std::prev(first)->zone == Zone::kAssistant) --first;
  exchange.output.assign(std::make_move_iterator(first), std::make_move_iterator(input.end()));
  input.erase(first, input.end());
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
                              .parameters = scan_text(tool.value(schema, Json()))});
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
      exchange.system_instructions.push_back(read_scan_block(entry, Zone::kSystem));
    }
  }
  Status status = read_messages(source, "gen_ai.input.messages", Zone::kUser, exchange.input);
  if (status.ok()) {
    status = read_messages(source, "gen_ai.output.messages", Zone::kAssistant, exchange.output);
  }
  if (!status.ok()) return tl::unexpected(status.error());
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
    const Status status = read_messages(source, "messages", Zone::kUser, exchange.input);
    if (!status.ok()) return tl::unexpected(status.error());
    split_answer(exchange);
    read_tools(source, "tools", exchange);
    return exchange;
  }
  if (source.contains("text")) return read_text_form(source);
  return fail("neither \"text\" nor \"messages\" nor an exchange");
}

}  // namespace sonde::detect
