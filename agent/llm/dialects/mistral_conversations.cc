#include "agent/llm/dialects/mistral_conversations.h"

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// message.input, message.output, function.call, function.result, tool.execution
void read_entry(const Json& entry, const std::string& path, std::vector<Part>& parts,
                Writer& writer) {
  const std::string_view type = entry["type"].text();
  if (type == "function.call" || type == "tool.execution") {
    Part& part = writer.part(parts, PartType::kToolCall, json_path(path, "arguments"));
    const Json id = entry["tool_call_id"].exists() ? entry["tool_call_id"] : entry["id"];
    writer.append(part.id, id.text());
    writer.append(part.name, entry["name"].text());
    writer.append(part.arguments, entry["arguments"].text_or_dump());
    return;
  }
  if (type == "function.result") {
    Part& part = writer.part(parts, PartType::kToolCallResponse, json_path(path, "result"));
    writer.append(part.id, entry["tool_call_id"].text());
    writer.append(part.content, entry["result"].text_or_dump());
    return;
  }
  read_openai_content(entry["content"], json_path(path, "content"), PartType::kText, parts, writer);
}

std::string_view role_of(const Json& entry) {
  const std::string_view type = entry["type"].text();
  if (type == "function.result") return "tool";
  if (entry["role"].exists()) return entry["role"].text();
  return type.empty() || type == "message.input" ? "user" : "assistant";
}

void read_facts(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!body["conversation_id"].text().empty()) {
    writer.assign(exchange.conversation_id, body["conversation_id"].text());
  }
  if (!body["model"].text().empty()) writer.assign(exchange.response_model, body["model"].text());
  read_openai_usage(body["usage"], exchange);
  read_openai_error(body, writer);
}

// "/v1/conversations/conv_1/history" -> "conv_1"
std::string_view conversation_of(std::string_view path) {
  constexpr std::string_view kMarker = "/conversations/";
  const size_t at = path.find(kMarker);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = path.substr(at + kMarker.size());
  return rest.substr(0, rest.find_first_of("/?#"));
}

}  // namespace

void MistralConversations::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "chat";
  exchange.stream = body["stream"].truth();
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  if (const std::string_view id = conversation_of(exchange.http.path); !id.empty()) {
    writer.assign(exchange.conversation_id, id);
  }
  writer.text(exchange.system_instructions, PartType::kText, body["instructions"].text(),
              "$.instructions");
  // OpenAI's conversations, which share the path, say `items`.
  for (const char* key : {"inputs", "items"}) {
    const std::string path = json_path("$", key);
    if (body[key].is_string()) {
      writer.text(writer.input("user").parts, PartType::kText, body[key].text(), path);
    }
    body[key].each_item([&](size_t index, Json entry) {
      read_entry(entry, json_path(path, index), writer.input(role_of(entry)).parts, writer);
    });
  }
  read_openai_tools(body, writer);
  read_openai_user(body, writer);
}

void MistralConversations::read_answer(const Json& body, Writer& writer) {
  read_facts(body, writer);
  if (writer.exchange().conversation_id.empty()) {
    writer.append(writer.exchange().conversation_id, body["id"].text());
  }
  if (!body["outputs"].item(0).exists()) return;
  Message& message = writer.output("assistant");
  body["outputs"].each_item([&](size_t index, Json entry) {
    const std::string path = json_path("$.outputs", index);
    read_entry(entry, path, message.parts, writer);
    if (!entry["model"].text().empty()) {
      writer.assign(writer.exchange().response_model, entry["model"].text());
    }
  });
}

void MistralConversations::add(PartType type, std::string_view id, const Json& data,
                               std::string_view text, Writer& writer) {
  begun_ = true;
  const uint64_t index = data["output_index"].count().value_or(0);
  const std::string path = json_path("$.outputs", index);
  const bool call = type == PartType::kToolCall;
  Block* const block =
      blocks_.find_or_open(index, type, json_path(path, call ? "arguments" : "content"), writer);
  if (block == nullptr) return;
  if (block->id.empty()) writer.append(block->id, id);
  if (block->name.empty()) writer.append(block->name, data["name"].text());
  writer.grow(block->type, block->text, text);
}

void MistralConversations::read_event(std::string_view name, const Json& data, Writer& writer) {
  const std::string_view type = data["type"].exists() ? data["type"].text() : name;
  read_facts(data, writer);
  if (type == "message.output.delta") {
    const Json content = data["content"];
    std::string text;
    std::string reasoning;
    append_openai_delta(content.is_object() ? Json() : content, text, reasoning, writer);
    if (content.is_object()) {
      writer.append(content["type"].text() == "thinking" ? reasoning : text,
                    content["text"].text());
      content["thinking"].each_item(
          [&](size_t, Json item) { writer.append(reasoning, item["text"].text()); });
    }
    if (!reasoning.empty()) add(PartType::kReasoning, {}, data, reasoning, writer);
    if (!text.empty()) add(PartType::kText, {}, data, text, writer);
  } else if (type == "function.call.delta") {
    add(PartType::kToolCall, data["tool_call_id"].text(), data, data["arguments"].text_or_dump(),
        writer);
  } else if (type == "tool.execution.started") {
    add(PartType::kToolCall, data["id"].text(), data, data["arguments"].text_or_dump(), writer);
  } else if (type == "conversation.response.done") {
    ended_ = true;
  } else if (type == "conversation.response.error") {
    writer.assign(writer.exchange().error, data["code"].text_or_dump());
    writer.assign(writer.exchange().error_message, data["message"].text());
  }
}

void MistralConversations::finish(Writer& writer) {
  if (!begun_) return;
  begun_ = false;
  Message& message = writer.output("assistant");
  blocks_.write(message, writer);
  // Only calls are answered by their id.
  for (Part& part : message.parts) {
    if (part.type != PartType::kToolCall) part.id.clear();
  }
}

}  // namespace sonde::llm
