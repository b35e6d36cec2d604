#include "agent/llm/dialects/gemini_interactions.h"

#include "agent/llm/blob.h"
#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

bool is_call(std::string_view type) { return type.ends_with("_call"); }
bool is_result(std::string_view type) { return type.ends_with("_result"); }

// "code_execution_call" -> "code_execution"; a function's call names the function.
std::string_view tool_of(const Json& step) {
  const std::string_view name = step["name"].text();
  const std::string_view type = step["type"].text();
  return name.empty() ? type.substr(0, type.rfind('_')) : name;
}

// text, image, audio, document, video
void read_content(const Json& content, PartType type, const std::string& path,
                  std::vector<Part>& parts, Writer& writer) {
  if (content.is_string()) return writer.text(parts, type, content.text(), path);
  const Json data = content["data"];
  if (data.is_string() || content["uri"].is_string()) {
    Part& part = writer.part(parts, PartType::kBlob, path);
    writer.append(part.media_type, content["mime_type"].text());
    writer.append(part.content, content["uri"].text());
    if (data.is_string()) read_base64(part, data.text());
    return;
  }
  if (content["text"].text().empty()) return;
  Part& part = writer.part(parts, type, json_path(path, "text"));
  writer.append(part.content, content["text"].text());
  writer.annotate(part.annotations, content["annotations"]);
}

void read_contents(const Json& contents, PartType type, const std::string& path,
                   std::vector<Part>& parts, Writer& writer) {
  if (!contents.is_array()) return read_content(contents, type, path, parts, writer);
  contents.each_item([&](size_t index, Json content) {
    read_content(content, type, json_path(path, index), parts, writer);
  });
}

void read_call(const Json& step, const std::string& path, std::vector<Part>& parts,
               Writer& writer) {
  Part& part = writer.part(parts, PartType::kToolCall, json_path(path, "arguments"));
  writer.append(part.id, step["id"].text());
  writer.append(part.name, tool_of(step));
  writer.append(part.arguments, step["arguments"].text_or_dump());
}

// A function's result may be typed contents; of the provider's own tools it is JSON.
void read_result(const Json& step, const std::string& path, std::vector<Part>& parts,
                 Writer& writer) {
  const Json result = step["result"];
  const std::string result_path = json_path(path, "result");
  const size_t first = parts.size();
  const PartType type = PartType::kToolCallResponse;
  const bool typed = result.item(0)["type"].is_string();
  if (typed) read_contents(result, type, result_path, parts, writer);
  if (parts.size() == first) {
    writer.append(writer.part(parts, type, result_path).content, result.text_or_dump());
  }
  for (size_t i = first; i < parts.size(); ++i) {
    if (parts[i].type != type) continue;
    writer.append(parts[i].id, step["call_id"].text());
    writer.append(parts[i].name, step["name"].text());
  }
}

void read_step(const Json& step, const std::string& path, std::vector<Part>& parts,
               Writer& writer) {
  const std::string_view type = step["type"].text();
  if (is_call(type)) return read_call(step, path, parts, writer);
  if (is_result(type)) return read_result(step, path, parts, writer);
  if (type == "thought") {
    return read_contents(step["summary"], PartType::kReasoning, json_path(path, "summary"), parts,
                         writer);
  }
  const Json content = step["content"];
  if (!content.exists()) return read_content(step, PartType::kText, path, parts, writer);
  read_contents(content, PartType::kText, json_path(path, "content"), parts, writer);
}

std::string_view role_of(const Json& item) {
  const std::string_view type = item["type"].text();
  if (!item["role"].text().empty()) return item["role"].text();
  if (is_result(type)) return "tool";
  return type == "model_output" || type == "thought" || is_call(type) ? "model" : "user";
}

void read_input(const Json& input, Writer& writer) {
  constexpr std::string_view kPath = "$.input";
  if (!input.is_array()) {
    if (!input.exists()) return;
    return read_step(input, std::string(kPath), writer.input(role_of(input)).parts, writer);
  }
  Message* message = nullptr;
  input.each_item([&](size_t index, Json item) {
    const std::string_view role = role_of(item);
    // Bare contents are one message; each step or turn is one of its own.
    const bool bare = !item["content"].exists() && item["role"].text().empty();
    if (!bare || message == nullptr || message->role != role) message = &writer.input(role);
    read_step(item, json_path(kPath, index), message->parts, writer);
  });
}

void read_facts(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!body["id"].text().empty()) writer.assign(exchange.response_id, body["id"].text());
  if (!body["model"].text().empty()) writer.assign(exchange.response_model, body["model"].text());
  const Json usage = body["usage"];
  if (const auto count = usage["total_input_tokens"].count()) exchange.input_tokens = count;
  if (const auto count = usage["total_output_tokens"].count()) exchange.output_tokens = count;
  read_openai_error(body, writer);
}

// "completed", "requires_action", "failed", ...: anything but a state on the way there.
bool is_final(std::string_view status) { return !status.empty() && status != "in_progress"; }

}  // namespace

void GeminiInteractions::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "generate_content";
  exchange.stream = body["stream"].truth();
  const Json model = body["model"].exists() ? body["model"] : body["agent"];
  writer.assign(exchange.request_model, model.text());
  writer.assign(exchange.previous_response_id, body["previous_interaction_id"].text());
  writer.text(exchange.system_instructions, PartType::kText, body["system_instruction"].text(),
              "$.system_instruction");
  read_input(body["input"], writer);
  read_openai_tools(body, writer);
}

void GeminiInteractions::read_answer(const Json& body, Writer& writer) {
  read_facts(body, writer);
  const char* const member = body["steps"].exists() ? "steps" : "outputs";
  const Json steps = body[member];
  if (is_final(body["status"].text())) writer.finish_reason(body["status"].text());
  if (!steps.item(0).exists()) return;
  Message& message = writer.output("model");
  message.finish_reason = body["status"].text();
  steps.each_item([&](size_t index, Json step) {
    read_step(step, json_path(json_path("$", member), index), message.parts, writer);
  });
}

void GeminiInteractions::start(uint64_t index, const Json& step, Writer& writer) {
  const std::string path = json_path("$.steps", index);
  const std::string_view type = step["type"].text();
  if (is_call(type)) {
    Block* const block =
        blocks_.open(index, PartType::kToolCall, json_path(path, "arguments"), writer);
    if (block == nullptr) return;
    writer.append(block->id, step["id"].text());
    writer.append(block->name, tool_of(step));
    const std::string arguments = step["arguments"].text_or_dump();
    if (arguments != "{}") writer.append(block->text, arguments);
    return;
  }
  std::vector<Part> parts;
  read_step(step, path, parts, writer);
  for (Part& part : parts) {
    Block* const block = blocks_.open(index, part.type, part.json_path, writer);
    if (block == nullptr) return;
    const bool prose = part.type == PartType::kText || part.type == PartType::kReasoning;
    prose ? block->text.swap(part.content) : block->whole.push_back(std::move(part));
  }
}

void GeminiInteractions::add(uint64_t index, const Json& delta, Writer& writer) {
  const std::string_view type = delta["type"].text();
  const std::string path = json_path("$.steps", index);
  if (type == "arguments_delta") {
    Block* const block = blocks_.find_or_open(index, PartType::kToolCall, path, writer);
    if (block != nullptr) writer.grow(block->type, block->text, delta["arguments"].text());
  } else if (type == "thought_summary") {
    Block* const block = blocks_.find_or_open(index, PartType::kReasoning, path, writer);
    if (block != nullptr) writer.grow(block->type, block->text, delta["content"]["text"].text());
  } else if (type == "text" || type == "text_annotation_delta") {
    Block* const block = blocks_.find_or_open(index, PartType::kText, path, writer);
    if (block == nullptr) return;
    writer.grow(block->type, block->text, delta["text"].text());
    writer.annotate(block->annotations, delta["annotations"]);
  } else if (is_call(type)) {
    Block* const block = blocks_.find_or_open(index, PartType::kToolCall, path, writer);
    if (block == nullptr) return;
    if (block->id.empty()) writer.append(block->id, delta["id"].text());
    if (block->name.empty()) writer.append(block->name, tool_of(delta));
    writer.append(block->text, delta["arguments"].text_or_dump());
  } else {
    start(index, delta, writer);  // a result, an image: it comes in one piece
  }
}

void GeminiInteractions::read_event(std::string_view name, const Json& data, Writer& writer) {
  const std::string_view type = data["event_type"].exists() ? data["event_type"].text() : name;
  const uint64_t index = data["index"].count().value_or(0);
  if (const Json interaction = data["interaction"]; interaction.is_object()) {
    read_facts(interaction, writer);
    if (type != "interaction.completed" && type != "interaction.complete") return;
    ended_ = true;
    if (blocks_.empty()) return read_answer(interaction, writer);
    writer.finish_reason(interaction["status"].text());
  } else if (type == "step.start" || type == "content.start") {
    const Json step = data["step"].exists() ? data["step"] : data["content"];
    start(index, step, writer);
  } else if (type == "step.delta" || type == "content.delta") {
    add(index, data["delta"], writer);
  } else if (type == "error") {
    read_openai_error(data, writer);
  }
}

void GeminiInteractions::finish(Writer& writer) {
  if (blocks_.empty()) return;
  Message& message = writer.output("model");
  blocks_.write(message, writer);
  const std::vector<std::string>& reasons = writer.exchange().finish_reasons;
  if (!reasons.empty()) message.finish_reason = reasons.front();
}

}  // namespace sonde::llm
