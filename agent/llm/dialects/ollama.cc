#include "agent/llm/dialects/ollama.h"

#include "agent/llm/blob.h"
#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/image_type.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// Numbers of the blocks of an answer; tool calls follow.
constexpr uint64_t kThinkingBlock = 0;
constexpr uint64_t kTextBlock = 1;
constexpr uint64_t kFirstCallBlock = 2;

void read_images(const Json& images, const std::string& path, Message& message, Writer& writer) {
  images.each_item([&](size_t index, Json image) {
    Part& part =
        writer.part(message.parts, PartType::kBlob, json_path(json_path(path, "images"), index));
    part.media_type = image_type(image.text());
    read_base64(part, image.text());
  });
}

void read_message(const Json& from, size_t index, Writer& writer) {
  const std::string path = json_path("$.messages", index);
  Message& message = writer.input(from["role"].text());
  if (message.zone == Zone::kTool) {
    Part& part =
        writer.part(message.parts, PartType::kToolCallResponse, json_path(path, "content"));
    writer.append(part.content, from["content"].text_or_dump());
    const Json name = from["tool_name"].exists() ? from["tool_name"] : from["name"];
    writer.append(part.name, name.text());
    writer.append(part.id, from["tool_call_id"].text());
    return;
  }
  writer.text(message.parts, PartType::kReasoning, from["thinking"].text(),
              json_path(path, "thinking"));
  writer.text(message.parts, PartType::kText, from["content"].text(), json_path(path, "content"));
  read_images(from["images"], path, message, writer);
  from["tool_calls"].each_item([&](size_t position, Json call) {
    const std::string call_path = json_path(json_path(path, "tool_calls"), position);
    Part& part =
        writer.part(message.parts, PartType::kToolCall, json_path(call_path, "function.arguments"));
    writer.append(part.id, call["id"].text());
    writer.append(part.name, call["function"]["name"].text());
    writer.append(part.arguments, call["function"]["arguments"].text_or_dump());
  });
}

}  // namespace

void Ollama::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const bool chat = body["messages"].is_array();
  exchange.operation = chat ? "chat" : "text_completion";
  writer.assign(exchange.request_model, body["model"].text());
  exchange.stream = !body["stream"].exists() || body["stream"].truth();
  writer.text(exchange.system_instructions, PartType::kText, body["system"].text(), "$.system");
  body["messages"].each_item(
      [&](size_t index, Json message) { read_message(message, index, writer); });
  if (!chat) {
    Message& message = writer.input("user");
    writer.text(message.parts, PartType::kText, body["prompt"].text(), "$.prompt");
    writer.text(message.parts, PartType::kText, body["suffix"].text(), "$.suffix");
    read_images(body["images"], "$", message, writer);
  }
  read_openai_tools(body, writer);
}

void Ollama::read_answer(const Json& body, Writer& writer) { read_event({}, body, writer); }

void Ollama::read_event(std::string_view, const Json& data, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!data["model"].text().empty()) writer.assign(exchange.response_model, data["model"].text());
  if (data["error"].exists()) {
    exchange.error = "error";
    writer.assign(exchange.error_message, data["error"].text_or_dump());
  }
  const Json message = data["message"];
  const bool chat = message.is_object();
  const auto add = [&](uint64_t block, PartType type, const Json& text, const char* path) {
    if (text.text().empty()) return;
    Block* const target = blocks_.find_or_open(block, type, path, writer);
    if (target != nullptr) writer.grow(target->type, target->text, text.text());
  };
  begun_ = begun_ || chat || data["response"].exists();
  add(kThinkingBlock, PartType::kReasoning, chat ? message["thinking"] : data["thinking"],
      chat ? "$.message.thinking" : "$.thinking");
  add(kTextBlock, PartType::kText, chat ? message["content"] : data["response"],
      chat ? "$.message.content" : "$.response");
  message["tool_calls"].each_item([&](size_t, Json call) {
    Block* const target = blocks_.open(kFirstCallBlock + tool_calls_, PartType::kToolCall,
                                       json_path("$.message.tool_calls", tool_calls_), writer);
    if (target == nullptr) return;
    ++tool_calls_;
    writer.append(target->id, call["id"].text());
    writer.append(target->name, call["function"]["name"].text());
    writer.grow(target->type, target->text, call["function"]["arguments"].text_or_dump());
  });
  ended_ = ended_ || data["done"].truth();
  if (!data["done_reason"].text().empty()) writer.assign(done_reason_, data["done_reason"].text());
  if (const auto count = data["prompt_eval_count"].count()) exchange.input_tokens = count;
  if (const auto count = data["eval_count"].count()) exchange.output_tokens = count;
}

void Ollama::finish(Writer& writer) {
  if (!begun_) return;
  begun_ = false;
  Message& message = writer.output("assistant");
  blocks_.write(message, writer);
  message.finish_reason = done_reason_;
  writer.finish_reason(done_reason_);
}

}  // namespace sonde::llm
