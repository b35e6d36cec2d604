#include "agent/llm/dialects/bedrock_converse.h"

#include <vector>

#include "agent/llm/blob.h"
#include "agent/llm/dialects/gemini_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// {"format": "png", "source": {"bytes": "..."} | {"s3Location": {"uri": ...}}}
void read_media(const Json& media, std::string_view kind, const std::string& path,
                std::vector<Part>& parts, Writer& writer) {
  const Json text = media["source"]["text"];
  writer.text(parts, PartType::kText, text.text(), json_path(path, "source.text"));
  media["source"]["content"].each_item([&](size_t index, Json item) {
    writer.text(parts, PartType::kText, item["text"].text(),
                json_path(json_path(path, "source.content"), index) + ".text");
  });
  writer.text(parts, PartType::kText, media["context"].text(), json_path(path, "context"));
  Part& part = writer.part(parts, PartType::kBlob, path);
  part.media_type = kind;
  if (!media["format"].text().empty()) {
    part.media_type += '/';
    writer.append(part.media_type, media["format"].text());
  }
  writer.append(part.name, media["name"].text());
  const Json source = media["source"];
  if (source["bytes"].exists()) read_base64(part, source["bytes"].text());
  writer.append(part.content, source["s3Location"]["uri"].text());
}

void read_search_result(const Json& result, PartType type, const std::string& path,
                        std::vector<Part>& parts, Writer& writer) {
  writer.text(parts, type, result["title"].text(), json_path(path, "title"));
  result["content"].each_item([&](size_t index, Json item) {
    writer.text(parts, type, item["text"].text(),
                json_path(json_path(path, "content"), index) + ".text");
  });
}

void read_tool_result(const Json& result, const std::string& path, std::vector<Part>& parts,
                      Writer& writer) {
  const size_t first = parts.size();
  const PartType type = PartType::kToolCallResponse;
  result["content"].each_item([&](size_t index, Json item) {
    const std::string item_path = json_path(json_path(path, "content"), index);
    for (const char* kind : {"image", "document", "video"}) {
      if (item[kind].exists()) {
        return read_media(item[kind], kind, json_path(item_path, kind), parts, writer);
      }
    }
    if (item["searchResult"].exists()) {
      return read_search_result(item["searchResult"], type, json_path(item_path, "searchResult"),
                                parts, writer);
    }
    const bool text = item["text"].exists();
    if (!text && !item["json"].exists()) return;
    Part& part = writer.part(parts, type, json_path(item_path, text ? "text" : "json"));
    writer.append(part.content, text ? std::string(item["text"].text()) : item["json"].dump());
  });
  if (parts.size() == first) writer.part(parts, type, json_path(path, "content"));
  for (size_t i = first; i < parts.size(); ++i) {
    if (parts[i].type == type) writer.append(parts[i].id, result["toolUseId"].text());
  }
}

// Text with its sources: {"content": [{"text"}], "citations": [...]}.
void read_cited(const Json& cited, const std::string& path, std::vector<Part>& parts,
                Writer& writer) {
  cited["content"].each_item([&](size_t index, Json item) {
    if (item["text"].text().empty()) return;
    Part& part =
        writer.part(parts, PartType::kText, json_path(json_path(path, "content"), index) + ".text");
    writer.append(part.content, item["text"].text());
    writer.annotate(part.annotations, cited["citations"]);
  });
}

void read_block(const Json& block, const std::string& path, std::vector<Part>& parts,
                Writer& writer) {
  if (const Json use = block["toolUse"]; use.exists()) {
    Part& part = writer.part(parts, PartType::kToolCall, json_path(path, "toolUse.input"));
    writer.append(part.id, use["toolUseId"].text());
    writer.append(part.name, use["name"].text());
    writer.append(part.arguments, use["input"].text_or_dump());
    return;
  }
  if (const Json result = block["toolResult"]; result.exists()) {
    return read_tool_result(result, json_path(path, "toolResult"), parts, writer);
  }
  for (const char* kind : {"image", "document", "video", "audio"}) {
    if (block[kind].exists()) {
      return read_media(block[kind], kind, json_path(path, kind), parts, writer);
    }
  }
  if (block["searchResult"].exists()) {
    return read_search_result(block["searchResult"], PartType::kText,
                              json_path(path, "searchResult"), parts, writer);
  }
  read_cited(block["citationsContent"], json_path(path, "citationsContent"), parts, writer);
  writer.text(parts, PartType::kReasoning,
              block["reasoningContent"]["reasoningText"]["text"].text(),
              json_path(path, "reasoningContent.reasoningText.text"));
  writer.text(parts, PartType::kText, block["guardContent"]["text"]["text"].text(),
              json_path(path, "guardContent.text.text"));
  writer.text(parts, PartType::kText, block["text"].text(), json_path(path, "text"));
}

// As with Anthropic's, tool results stand in a user's message and become one of their own.
void read_message(const Json& from, size_t index, Writer& writer) {
  const std::string path = json_path(json_path("$.messages", index), "content");
  const std::string_view role = from["role"].text();
  const Zone own_zone = zone_of_role(role);
  if (from["content"].is_string()) {
    return writer.text(writer.input(role).parts, PartType::kText, from["content"].text(), path);
  }
  Message* message = nullptr;
  from["content"].each_item([&](size_t position, Json block) {
    const bool result = block["toolResult"].exists();
    const bool retrieved = block["document"].exists() || block["searchResult"].exists();
    const Zone zone = result || retrieved ? Zone::kTool : own_zone;
    const std::string_view zone_role = result ? std::string_view("tool") : role;
    if (message == nullptr || message->zone != zone || message->role != zone_role) {
      message = &writer.input(zone_role, zone);
    }
    read_block(block, json_path(path, position), message->parts, writer);
  });
}

void read_usage(const Json& usage, Exchange& exchange) {
  if (const auto count = usage["inputTokens"].count()) exchange.input_tokens = count;
  if (const auto count = usage["outputTokens"].count()) exchange.output_tokens = count;
}

void read_error(const Json& body, Writer& writer) {
  if (body["message"].is_string() && !body["output"].exists()) {
    const std::string_view type = body["__type"].text();
    Exchange& exchange = writer.exchange();
    if (!type.empty()) writer.assign(exchange.error, type);
    if (exchange.error.empty()) exchange.error = "error";
    writer.assign(exchange.error_message, body["message"].text());
  }
}

std::string block_path(uint64_t index, std::string_view member) {
  return json_path(json_path("$.output.message.content", index), member);
}

}  // namespace

void read_guardrail(const Json& trace, Writer& writer) {
  std::vector<Json> open = {trace};
  while (!open.empty()) {
    const Json value = open.back();
    open.pop_back();
    value.each_item([&](size_t, Json item) { open.push_back(item); });
    value.each_member([&](std::string_view, Json member) { open.push_back(member); });
    const std::string_view action = value["action"].text();
    const Json name =
        value["type"].exists() && !value["name"].exists() ? value["type"] : value["name"];
    if (action.empty() || name.text().empty()) continue;
    const bool filtered = action == "BLOCKED" || action == "ANONYMIZED";
    const Json detected = value["detected"];
    writer.verdict(lower_case(name.text()), filtered || !detected.exists() || detected.truth(),
                   filtered);
  }
}

void BedrockConverse::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "chat";
  exchange.stream = exchange.http.path.find("-stream") != std::string::npos;
  body["system"].each_item([&](size_t index, Json block) {
    read_block(block, json_path("$.system", index), exchange.system_instructions, writer);
  });
  body["messages"].each_item(
      [&](size_t index, Json message) { read_message(message, index, writer); });
  body["promptVariables"].each_member([&](std::string_view name, Json value) {
    writer.text(writer.input("user").parts, PartType::kText, value["text"].text(),
                json_path("$.promptVariables", name) + ".text");
  });
  body["toolConfig"]["tools"].each_item([&](size_t, Json tool) {
    if (!tool["toolSpec"].exists()) return;  // cachePoint, systemTool
    const Json definition = tool["toolSpec"];
    ToolDefinition& out = writer.tool();
    writer.append(out.name, definition["name"].text());
    writer.append(out.description, definition["description"].text());
    writer.append(out.parameters, definition["inputSchema"]["json"].text_or_dump());
  });
}

void BedrockConverse::read_answer(const Json& body, Writer& writer) {
  read_usage(body["usage"], writer.exchange());
  read_guardrail(body["trace"], writer);
  read_error(body, writer);
  const Json from = body["output"]["message"];
  if (!from.exists()) return;
  Message& message = writer.output(from["role"].text());
  from["content"].each_item([&](size_t index, Json block) {
    read_block(block, json_path("$.output.message.content", index), message.parts, writer);
  });
  const std::string_view reason = body["stopReason"].text();
  writer.append(message.finish_reason, reason);
  writer.finish_reason(reason);
  if (reason == "guardrail_intervened") writer.verdict("guardrail", true, true);
}

void BedrockConverse::read_event(std::string_view name, const Json& data, Writer& writer) {
  // In converse-stream the event's name says what it is; Nova's invoke wraps it:
  // {"messageStop":..}.
  if (name.empty() || name == "chunk") {
    return data.each_member([&](std::string_view key, Json value) {
      if (value.is_object() && key != "chunk") read_event(key, value, writer);
    });
  }
  if (name == "messageStart") {
    begun_ = true;
    writer.assign(role_, data["role"].text());
  } else if (name == "contentBlockStart") {
    start_block(data, writer);
  } else if (name == "contentBlockDelta") {
    add_delta(data, writer);
  } else if (name == "messageStop") {
    writer.assign(stop_reason_, data["stopReason"].text());
    if (stop_reason_ == "guardrail_intervened") writer.verdict("guardrail", true, true);
  } else if (name == "metadata") {
    read_usage(data["usage"], writer.exchange());
    read_guardrail(data["trace"], writer);
  } else if (name.ends_with("xception")) {
    writer.assign(writer.exchange().error, name);
    writer.assign(writer.exchange().error_message, data["message"].text());
  }
}

void BedrockConverse::start_block(const Json& data, Writer& writer) {
  begun_ = true;
  const Json use = data["start"]["toolUse"];
  if (!use.exists()) return;  // texts begin with their first delta
  const uint64_t index = data["contentBlockIndex"].count().value_or(blocks_.size());
  Block* const block =
      blocks_.open(index, PartType::kToolCall, block_path(index, "toolUse.input"), writer);
  if (block == nullptr) return;
  writer.append(block->id, use["toolUseId"].text());
  writer.append(block->name, use["name"].text());
}

void BedrockConverse::add_delta(const Json& data, Writer& writer) {
  begun_ = true;
  const uint64_t index = data["contentBlockIndex"].count().value_or(0);
  const Json delta = data["delta"];
  const auto add = [&](PartType type, const char* member, std::string_view text) {
    Block* const block = blocks_.find_or_open(index, type, block_path(index, member), writer);
    if (block != nullptr) writer.grow(block->type, block->text, text);
  };
  if (delta["text"].exists()) add(PartType::kText, "text", delta["text"].text());
  if (delta["citation"].exists()) {
    Block* const block =
        blocks_.find_or_open(index, PartType::kText, block_path(index, "text"), writer);
    if (block != nullptr) writer.annotate(block->annotations, delta["citation"]);
  }
  if (delta["toolUse"].exists()) {
    add(PartType::kToolCall, "toolUse.input", delta["toolUse"]["input"].text_or_dump());
  }
  if (delta["reasoningContent"]["text"].exists()) {
    add(PartType::kReasoning, "reasoningContent.reasoningText.text",
        delta["reasoningContent"]["text"].text());
  }
}

void BedrockConverse::finish(Writer& writer) {
  if (!begun_) return;
  begun_ = false;
  Message& message = writer.output(role_);
  blocks_.write(message, writer);
  message.finish_reason = stop_reason_;
  writer.finish_reason(stop_reason_);
}

}  // namespace sonde::llm
