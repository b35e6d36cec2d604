#include "agent/llm/dialects/openai_responses.h"

#include <algorithm>
#include <iterator>

#include "agent/llm/dialects/openai_items.h"
#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

std::string_view role_of(const Json& item, Zone zone) {
  if (item["role"].exists()) return item["role"].text();
  return to_string(zone);
}

void read_input(const Json& input, Writer& writer) {
  if (input.is_string()) {
    return writer.text(writer.input("user").parts, PartType::kText, input.text(), "$.input");
  }
  input.each_item([&](size_t index, Json item) {
    // A reference to an item the provider has; its text is not here.
    if (item["type"].text() == "item_reference") return;
    const Zone zone = zone_of_openai_item(item);
    Message& message = writer.input(role_of(item, zone), zone);
    read_openai_item(item, json_path("$.input", index), message.parts, writer);
  });
}

// `instructions` may also be a list of items (stored prompts).
void read_instructions(const Json& instructions, Writer& writer) {
  std::vector<Part>& parts = writer.exchange().system_instructions;
  writer.text(parts, PartType::kText, instructions.text(), "$.instructions");
  instructions.each_item([&](size_t index, Json item) {
    read_openai_item(item, json_path("$.instructions", index), parts, writer);
  });
}

// A stored prompt is filled with texts, images and files by name.
void read_prompt(const Json& prompt, Writer& writer) {
  prompt["variables"].each_member([&](std::string_view name, Json value) {
    read_openai_content(value, json_path("$.prompt.variables", name), PartType::kText,
                        writer.input("user").parts, writer);
  });
}

void read_conversation(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (const Json previous = body["previous_response_id"]; !previous.text().empty()) {
    writer.assign(exchange.previous_response_id, previous.text());
  }
  const Json conversation = body["conversation"];
  const Json id = conversation.is_string() ? conversation : conversation["id"];
  if (!id.text().empty()) writer.assign(exchange.conversation_id, id.text());
}

std::string_view finish_reason(const Json& body) {
  const std::string_view why = body["incomplete_details"]["reason"].text();
  return why.empty() ? body["status"].text() : why;
}

void read_facts(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!body["id"].text().empty()) writer.assign(exchange.response_id, body["id"].text());
  if (!body["model"].text().empty()) writer.assign(exchange.response_model, body["model"].text());
  read_openai_usage(body["usage"], exchange);
  read_conversation(body, writer);
  read_openai_error(body, writer);
  read_prompt_filter(body, writer);
  body["content_filters"].each_item(
      [&](size_t, Json filter) { read_content_filter(filter["content_filter_results"], writer); });
}

// Which member of an item a delta's text belongs to, and what it is.
struct DeltaKind {
  std::string_view event;
  PartType type;
  const char* member;
  const char* index_member;
  const char* text_member;
};
constexpr const char* kContentIndex = "content_index";
constexpr DeltaKind kDeltas[] = {
    {"response.output_text.delta", PartType::kText, "content", kContentIndex, "text"},
    {"response.refusal.delta", PartType::kRefusal, "content", kContentIndex, "refusal"},
    {"response.reasoning_text.delta", PartType::kReasoning, "content", kContentIndex, "text"},
    {"response.reasoning_summary_text.delta", PartType::kReasoning, "summary", "summary_index",
     "text"},
    {"response.function_call_arguments.delta", PartType::kToolCall, "arguments", nullptr, nullptr},
    {"response.custom_tool_call_input.delta", PartType::kToolCall, "input", nullptr, nullptr},
    {"response.mcp_call_arguments.delta", PartType::kToolCall, "arguments", nullptr, nullptr},
    {"response.mcp_call.arguments.delta", PartType::kToolCall, "arguments", nullptr, nullptr},
    {"response.code_interpreter_call_code.delta", PartType::kToolCall, "code", nullptr, nullptr},
    {"response.code_interpreter_call.code.delta", PartType::kToolCall, "code", nullptr, nullptr},
    {"response.audio.transcript.delta", PartType::kText, "content", kContentIndex, "transcript"},
    // Names of the realtime API, now and in its preview.
    {"response.text.delta", PartType::kText, "content", kContentIndex, "text"},
    {"response.output_audio_transcript.delta", PartType::kText, "content", kContentIndex,
     "transcript"},
    {"response.audio_transcript.delta", PartType::kText, "content", kContentIndex, "transcript"},
};

bool is_final(std::string_view type) {
  return type == "response.completed" || type == "response.incomplete" ||
         type == "response.failed" || type == "response.cancelled" || type == "response.done";
}

}  // namespace

void OpenAiResponses::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "chat";
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  exchange.stream = exchange.stream || body["stream"].truth();
  read_instructions(body["instructions"], writer);
  read_input(body["input"], writer);
  read_prompt(body["prompt"], writer);
  read_conversation(body, writer);
  read_openai_tools(body, writer);
  read_openai_user(body, writer);
}

void OpenAiResponses::read_answer(const Json& body, Writer& writer) {
  read_facts(body, writer);
  writer.assign(finish_reason_, finish_reason(body));
  const Json output = body["output"];
  if (!output.item(0).exists()) return;
  answered_ = true;
  Message& message = writer.output("assistant");
  output.each_item([&](size_t index, Json item) {
    read_openai_item(item, json_path("$.output", index), message.parts, writer);
  });
  message.finish_reason = finish_reason_;
  writer.finish_reason(finish_reason_);
}

void OpenAiResponses::read_event(std::string_view name, const Json& data, Writer& writer) {
  const std::string_view type = data["type"].exists() ? data["type"].text() : name;
  if (answered_) return;
  if (data["response"].is_object()) {
    ended_ = is_final(type);
    return ended_ ? read_answer(data["response"], writer) : read_facts(data["response"], writer);
  }
  if (type == "error") {
    writer.assign(writer.exchange().error,
                  data["code"].text().empty() ? std::string_view("error") : data["code"].text());
    writer.assign(writer.exchange().error_message, data["message"].text());
    return read_openai_error(data, writer);
  }
  if (type == "response.output_item.added" || type == "response.output_item.done") {
    const uint64_t index = data["output_index"].count().value_or(items_.size());
    Item* const target = item(index, writer);
    if (target == nullptr) return;
    // The item as it stands replaces what was known; deltas go on from there.
    target->parts.clear();
    read_openai_item(data["item"], json_path("$.output", index), target->parts, writer);
    if (type.ends_with(".done")) target->blocks = BlockList();
    return;
  }
  if (type == "response.output_text.annotation.added") return add_annotation(data, writer);
  add_delta(type, data, writer);
}

void OpenAiResponses::add_annotation(const Json& data, Writer& writer) {
  Item* const target = item(data["output_index"].count().value_or(0), writer);
  if (target == nullptr) return;
  const uint64_t part = data[kContentIndex].count().value_or(0);
  const std::string path = json_path(json_path("$.output", target->index), "content");
  Block* const block = target->blocks.find_or_open(
      part, PartType::kText, json_path(json_path(path, part), "text"), writer);
  if (block != nullptr) writer.annotate(block->annotations, data["annotation"]);
}

OpenAiResponses::Item* OpenAiResponses::item(uint64_t index, Writer& writer) {
  for (auto known = items_.rbegin(); known != items_.rend(); ++known) {
    if (known->index == index) return &*known;
  }
  if (!writer.admit_state()) return nullptr;
  Item& made = items_.emplace_back();
  made.index = index;
  return &made;
}

void OpenAiResponses::add_delta(std::string_view type, const Json& data, Writer& writer) {
  for (const DeltaKind& kind : kDeltas) {
    if (type != kind.event) continue;
    const uint64_t index = data["output_index"].count().value_or(0);
    Item* const target = item(index, writer);
    if (target == nullptr) return;
    std::string path = json_path(json_path("$.output", index), kind.member);
    uint64_t part = 0;
    if (kind.index_member != nullptr) {
      part = data[kind.index_member].count().value_or(0);
      path = json_path(json_path(path, part), kind.text_member);
    }
    Block* const block = target->blocks.find_or_open(part, kind.type, std::move(path), writer);
    if (block != nullptr) writer.grow(block->type, block->text, data["delta"].text());
    return;
  }
}

void OpenAiResponses::finish(Writer& writer) {
  if (answered_ || items_.empty()) return;
  answered_ = true;
  std::stable_sort(items_.begin(), items_.end(),
                   [](const Item& a, const Item& b) { return a.index < b.index; });
  Message& message = writer.output("assistant");
  for (Item& item : items_) {
    // A call that was begun has its name and id in the item and its arguments in the deltas.
    if (!item.parts.empty() && item.parts[0].type == PartType::kToolCall) {
      Block* const arguments = item.blocks.find(0);
      if (arguments != nullptr) item.parts[0].arguments = std::move(arguments->text);
      item.blocks = BlockList();
    }
    message.parts.insert(message.parts.end(), std::make_move_iterator(item.parts.begin()),
                         std::make_move_iterator(item.parts.end()));
    item.blocks.write(message, writer);
  }
  message.finish_reason = finish_reason_;
  writer.finish_reason(finish_reason_);
}

}  // namespace sonde::llm
