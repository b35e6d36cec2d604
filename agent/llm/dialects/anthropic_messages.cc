#include "agent/llm/dialects/anthropic_messages.h"

#include "agent/llm/blob.h"
#include "agent/llm/content_types.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// tool_result, and the results of tools that the provider runs itself (web_search_tool_result,
// code_execution_tool_result, mcp_tool_result, ...): all hold what the outside world wrote.
// {"source": {"type": "base64" | "url" | "text" | "file", ...}} of images and documents.
void read_source(const Json& block, const std::string& path, std::vector<Part>& parts,
                 PartType text_type, Writer& writer) {
  const Json source = block["source"];
  const std::string_view type = source["type"].text();
  // What the application says of a document stands beside it.
  writer.text(parts, text_type, block["context"].text(), json_path(path, "context"));
  if (type == "text") {
    return writer.text(parts, text_type, source["data"].text(), json_path(path, "source.data"));
  }
  if (type == "content") {
    const std::string content_path = json_path(path, "source.content");
    writer.text(parts, text_type, source["content"].text(), content_path);
    return source["content"].each_item([&](size_t index, Json item) {
      writer.text(parts, text_type, item["text"].text(),
                  json_path(json_path(content_path, index), "text"));
    });
  }
  Part& part = writer.part(parts, PartType::kBlob, json_path(path, "source"));
  if (type == "base64") read_base64(part, source["data"].text());
  if (type == "url") read_blob_url(part, source["url"].text());
  if (type == "file") writer.append(part.id, source["file_id"].text());
  if (part.media_type.empty()) writer.append(part.media_type, source["media_type"].text());
  if (part.media_type.empty()) part.media_type = block["type"].text();
  writer.append(part.name, block["title"].text());
}

void read_tool_result(const Json& block, const std::string& path, std::vector<Part>& parts,
                      Writer& writer) {
  const size_t first = parts.size();
  const Json content = block["content"];
  const std::string content_path = json_path(path, "content");
  writer.text(parts, PartType::kToolCallResponse, content.text(), content_path);
  if (content.is_object()) {
    writer.append(writer.part(parts, PartType::kToolCallResponse, content_path).content,
                  content.dump());
  }
  content.each_item([&](size_t index, Json item) {
    const std::string item_path = json_path(content_path, index);
    const std::string_view type = item["type"].text();
    if (type == "text") {
      return writer.text(parts, PartType::kToolCallResponse, item["text"].text(),
                         json_path(item_path, "text"));
    }
    if (item["source"].exists()) {
      return read_source(item, item_path, parts, PartType::kToolCallResponse, writer);
    }
    // Search results and the like have shapes of their own: their JSON is the result.
    writer.append(writer.part(parts, PartType::kToolCallResponse, item_path).content, item.dump());
  });
  if (parts.size() == first) writer.part(parts, PartType::kToolCallResponse, content_path);
  for (size_t i = first; i < parts.size(); ++i) {
    if (parts[i].type == PartType::kToolCallResponse) {
      writer.append(parts[i].id, block["tool_use_id"].text());
    }
  }
}

void read_block(const Json& block, const std::string& path, std::vector<Part>& parts,
                Writer& writer) {
  const std::string_view type = block["type"].text();
  if (is_tool_result(type)) return read_tool_result(block, path, parts, writer);
  if (is_tool_use(type)) {
    Part& part = writer.part(parts, PartType::kToolCall, json_path(path, "input"));
    writer.append(part.id, block["id"].text());
    writer.append(part.name, block["name"].text());
    writer.append(part.arguments, block["input"].text_or_dump());
    return;
  }
  if (type == "thinking") {
    return writer.text(parts, PartType::kReasoning, block["thinking"].text(),
                       json_path(path, "thinking"));
  }
  if (block["source"].is_object()) return read_source(block, path, parts, PartType::kText, writer);
  if (!block["text"].text().empty()) {
    Part& part = writer.part(parts, PartType::kText, json_path(path, "text"));
    writer.append(part.content, block["text"].text());
    writer.annotate(part.annotations, block["citations"]);
  }
  // A summary that takes the place of earlier messages: {"type": "compaction", "content": "..."}.
  writer.text(parts, PartType::kText, block["content"].text(), json_path(path, "content"));
  // {"type": "search_result", "content": [{"type": "text", ...}]}
  block["content"].each_item([&](size_t index, Json item) {
    writer.text(parts, PartType::kText, item["text"].text(),
                json_path(json_path(json_path(path, "content"), index), "text"));
  });
}

// A user's message may carry tool results beside the user's own words: each zone becomes a message
// of its own, in order.
void read_message(const Json& from, size_t index, Writer& writer) {
  const std::string path = json_path("$.messages", index);
  const std::string content_path = json_path(path, "content");
  const std::string_view role = from["role"].text();
  const Json content = from["content"];
  const Zone own_zone = zone_of_role(role);
  Message* message = nullptr;
  const auto in_zone = [&](Zone zone, std::string_view own_role) -> Message& {
    if (message == nullptr || message->zone != zone || message->role != own_role) {
      message = &writer.input(own_role, zone);
    }
    return *message;
  };
  if (!content.is_array()) {
    return writer.text(in_zone(own_zone, role).parts, PartType::kText, content.text(),
                       content_path);
  }
  content.each_item([&](size_t position, Json block) {
    const std::string_view type = block["type"].text();
    const bool result = is_tool_result(type);
    Message& target = in_zone(result || is_retrieved(type) ? Zone::kTool : own_zone,
                              result ? std::string_view("tool") : role);
    if (block.is_string()) {
      return writer.text(target.parts, PartType::kText, block.text(),
                         json_path(content_path, position));
    }
    read_block(block, json_path(content_path, position), target.parts, writer);
  });
}

void read_system(const Json& system, Writer& writer) {
  std::vector<Part>& parts = writer.exchange().system_instructions;
  writer.text(parts, PartType::kText, system.text(), "$.system");
  system.each_item([&](size_t index, Json block) {
    writer.text(parts, PartType::kText, block["text"].text(),
                json_path(json_path("$.system", index), "text"));
  });
}

void read_usage(const Json& usage, Exchange& exchange) {
  if (const auto input = usage["input_tokens"].count()) exchange.input_tokens = input;
  if (const auto output = usage["output_tokens"].count()) exchange.output_tokens = output;
}

void read_error(const Json& body, Writer& writer) {
  const Json error = body["error"];
  if (!error.exists()) return;
  writer.assign(writer.exchange().error, error["type"].text());
  if (writer.exchange().error.empty()) writer.exchange().error = "error";
  writer.assign(writer.exchange().error_message, error["message"].text());
}

// Claude Code packs its session into the user's id, as "user_.._session_<uuid>" or as JSON.
void read_user(const Json& metadata, Writer& writer) {
  const std::string_view id = metadata["user_id"].text();
  if (id.empty()) return;
  Exchange& exchange = writer.exchange();
  writer.assign(exchange.user.end_user_id, id);
  if (!exchange.conversation_id.empty()) return;
  constexpr std::string_view kMark = "_session_";
  if (const size_t at = id.rfind(kMark); at != std::string_view::npos) {
    return writer.assign(exchange.conversation_id, id.substr(at + kMark.size()));
  }
  if (!id.starts_with('{')) return;
  JsonParser parser(writer.limits().json_depth);
  const std::optional<Json> packed = parser.parse(std::string(id));
  if (packed) writer.assign(exchange.conversation_id, (*packed)["session_id"].text());
}

void read_answer_facts(const Json& message, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!message["id"].text().empty()) writer.assign(exchange.response_id, message["id"].text());
  if (!message["model"].text().empty()) {
    writer.assign(exchange.response_model, message["model"].text());
  }
  read_usage(message["usage"], exchange);
}

std::string block_path(uint64_t index, std::string_view member) {
  return json_path(json_path("$.content", index), member);
}

}  // namespace

void AnthropicMessages::read_request(const Json& body, Writer& writer) {
  read_request_body(body, writer);
  // A batch: each of its requests is like one of its own.
  body["requests"].each_item(
      [&](size_t, Json request) { read_request_body(request["params"], writer); });
}

void AnthropicMessages::read_request_body(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "chat";
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  exchange.stream = exchange.stream || body["stream"].truth();
  read_system(body["system"], writer);
  body["messages"].each_item(
      [&](size_t index, Json message) { read_message(message, index, writer); });
  body["tools"].each_item([&](size_t, Json tool) {
    ToolDefinition& out = writer.tool();
    const std::string_view type = tool["type"].text();
    if (!type.empty() && type != "custom") writer.assign(out.type, type);
    writer.append(out.name, tool["name"].text());
    writer.append(out.description, tool["description"].text());
    writer.append(out.parameters, tool["input_schema"].dump());
  });
  read_user(body["metadata"], writer);
}

void AnthropicMessages::read_answer(const Json& body, Writer& writer) {
  read_answer_facts(body, writer);
  read_error(body, writer);
  const Json content = body["content"];
  if (!content.is_array()) return;
  Message& message = writer.output(body["role"].text());
  content.each_item([&](size_t index, Json block) {
    read_block(block, json_path("$.content", index), message.parts, writer);
  });
  writer.append(message.finish_reason, body["stop_reason"].text());
  writer.finish_reason(message.finish_reason);
}

void AnthropicMessages::read_event(std::string_view name, const Json& data, Writer& writer) {
  const std::string_view type = data["type"].exists() ? data["type"].text() : name;
  if (type == "message_start") {
    begun_ = true;
    read_answer_facts(data["message"], writer);
    writer.assign(role_, data["message"]["role"].text());
  } else if (type == "content_block_start") {
    start_block(data, writer);
  } else if (type == "content_block_delta") {
    add_delta(data, writer);
  } else if (type == "message_delta") {
    read_usage(data["usage"], writer.exchange());
    if (!data["delta"]["stop_reason"].text().empty()) {
      writer.assign(stop_reason_, data["delta"]["stop_reason"].text());
    }
  } else if (type == "message_stop") {
    ended_ = true;
  } else if (type == "error") {
    read_error(data, writer);
  }
}

void AnthropicMessages::start_block(const Json& data, Writer& writer) {
  begun_ = true;
  const Json from = data["content_block"];
  const std::string_view type = from["type"].text();
  const uint64_t index = data["index"].count().value_or(blocks_.size());
  const auto open = [&](PartType part, std::string_view member) {
    return blocks_.open(index, part, block_path(index, member), writer);
  };
  if (is_tool_use(type)) {
    Block* const block = open(PartType::kToolCall, "input");
    if (block == nullptr) return;
    writer.append(block->id, from["id"].text());
    writer.append(block->name, from["name"].text());
    // Usually {} and then pieces of JSON; a block that is sent whole keeps what it has.
    const std::string input = from["input"].dump();
    if (input != "{}") writer.grow(block->type, block->text, input);
  } else if (is_tool_result(type)) {
    if (Block* const block = open(PartType::kToolCallResponse, "content")) {
      read_tool_result(from, json_path("$.content", index), block->whole, writer);
    }
  } else if (type == "thinking") {
    if (Block* const block = open(PartType::kReasoning, "thinking")) {
      writer.grow(block->type, block->text, from["thinking"].text());
    }
  } else if (type == "compaction") {
    Block* const block = open(PartType::kText, "content");
    if (block != nullptr) writer.grow(block->type, block->text, from["content"].text());
  } else if (Block* const block = open(PartType::kText, "text")) {
    writer.grow(block->type, block->text, from["text"].text());
    writer.annotate(block->annotations, from["citations"]);
  }
}

void AnthropicMessages::add_delta(const Json& data, Writer& writer) {
  begun_ = true;
  const Block* const newest = blocks_.last();
  const uint64_t index = data["index"].count().value_or(newest == nullptr ? 0 : newest->index);
  const Json delta = data["delta"];
  const std::string_view type = delta["type"].text();
  // The block is opened here if its start was not heard (joined late, a gap).
  const auto add = [&](PartType part, std::string_view member, std::string_view text) {
    Block* const block = blocks_.find_or_open(index, part, block_path(index, member), writer);
    if (block != nullptr) writer.grow(block->type, block->text, text);
  };
  if (type == "text_delta") add(PartType::kText, "text", delta["text"].text());
  if (type == "thinking_delta") add(PartType::kReasoning, "thinking", delta["thinking"].text());
  if (type == "compaction_delta") add(PartType::kText, "content", delta["content"].text());
  if (type == "citations_delta") {
    Block* const block =
        blocks_.find_or_open(index, PartType::kText, block_path(index, "text"), writer);
    if (block != nullptr) writer.annotate(block->annotations, delta["citation"]);
  }
  if (type == "input_json_delta") {
    add(PartType::kToolCall, "input", delta["partial_json"].text());
  }
}

void AnthropicMessages::finish(Writer& writer) {
  if (!begun_) return;
  begun_ = false;
  Message& message = writer.output(role_);
  blocks_.write(message, writer);
  message.finish_reason = stop_reason_;
  writer.finish_reason(stop_reason_);
}

}  // namespace sonde::llm
