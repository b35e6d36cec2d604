#include "agent/llm/dialects/gemini.h"

#include <algorithm>
#include <cctype>

#include "agent/llm/blob.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// Names come in camel case, and in snake case from older clients.
Json either(const Json& from, const char* camel, const char* snake) {
  const Json value = from[camel];
  return value.exists() ? value : from[snake];
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

void read_blob(const Json& blob, Part& part, Writer& writer) {
  writer.append(part.media_type, either(blob, "mimeType", "mime_type").text());
  const Json uri = either(blob, "fileUri", "file_uri");
  if (uri.exists()) {
    writer.append(part.content, uri.text());
  } else {
    read_base64(part, blob["data"].text());
  }
}

// What a part is, where its text stands, and that text.
struct PartView {
  PartType type = PartType::kText;
  const char* member = "text";
  std::string text;
  Json call;  // a function's call or answer: has name and id
};

PartView view_part(const Json& from) {
  if (const Json call = either(from, "functionCall", "function_call"); call.exists()) {
    return {PartType::kToolCall, "functionCall.args", call["args"].dump(), call};
  }
  if (const Json answer = either(from, "functionResponse", "function_response"); answer.exists()) {
    return {PartType::kToolCallResponse, "functionResponse.response", answer["response"].dump(),
            answer};
  }
  if (const Json code = either(from, "executableCode", "executable_code"); code.exists()) {
    return {PartType::kToolCall, "executableCode", code.dump(), {}};
  }
  if (const Json ran = either(from, "codeExecutionResult", "code_execution_result"); ran.exists()) {
    return {PartType::kToolCallResponse,
            "codeExecutionResult.output",
            std::string(ran["output"].text()),
            {}};
  }
  return {from["thought"].truth() ? PartType::kReasoning : PartType::kText,
          "text",
          std::string(from["text"].text()),
          {}};
}

void read_part(const Json& from, const std::string& path, Message& message, Writer& writer) {
  Json blob = either(from, "inlineData", "inline_data");
  if (!blob.exists()) blob = either(from, "fileData", "file_data");
  if (blob.exists()) {
    return read_blob(blob, writer.part(message.parts, PartType::kBlob, path), writer);
  }
  const PartView view = view_part(from);
  const bool wordless = view.type == PartType::kText || view.type == PartType::kReasoning;
  if (wordless && view.text.empty()) return;
  Part& part = writer.part(message.parts, view.type, json_path(path, view.member));
  writer.append(part.id, view.call["id"].text());
  writer.append(part.name, view.call["name"].text());
  if (part.name.empty() && view.type == PartType::kToolCall) part.name = "code_execution";
  writer.append(view.type == PartType::kToolCall ? part.arguments : part.content, view.text);
}

bool is_function_response(const Json& part) {
  return either(part, "functionResponse", "function_response").exists();
}

// Function responses come in messages of the role "user" or "function": they are the tool's words.
void read_content(const Json& content, size_t index, Writer& writer) {
  const std::string path = json_path(json_path("$.contents", index), "parts");
  const std::string_view role = content["role"].exists() ? content["role"].text() : "user";
  const Zone own_zone = zone_of_role(role);
  Message* message = nullptr;
  content["parts"].each_item([&](size_t position, Json part) {
    const Zone zone = is_function_response(part) ? Zone::kTool : own_zone;
    if (message == nullptr || message->zone != zone) {
      message = &writer.input(zone == own_zone ? role : std::string_view("tool"), zone);
    }
    read_part(part, json_path(path, position), *message, writer);
  });
}

void read_tools(const Json& body, Writer& writer) {
  body["tools"].each_item([&](size_t, Json tool) {
    const Json functions = either(tool, "functionDeclarations", "function_declarations");
    functions.each_item([&](size_t, Json function) {
      ToolDefinition& out = writer.tool();
      writer.append(out.name, function["name"].text());
      writer.append(out.description, function["description"].text());
      const Json schema = function["parameters"].exists() ? function["parameters"]
                                                          : function["parametersJsonSchema"];
      writer.append(out.parameters, schema.dump());
    });
    if (functions.exists()) return;
    // Built-in tools are named by their member: {"googleSearch": {}}.
    tool.each_member([&](std::string_view name, Json) {
      ToolDefinition& out = writer.tool();
      writer.append(out.name, name);
      writer.assign(out.type, name);
    });
  });
}

void read_ratings(const Json& ratings, Writer& writer) {
  ratings.each_item([&](size_t, Json rating) {
    std::string name = lower(rating["category"].text());
    constexpr std::string_view kPrefix = "harm_category_";
    if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
    const bool blocked = rating["blocked"].truth();
    const std::string_view probability = rating["probability"].text();
    const bool likely = probability == "MEDIUM" || probability == "HIGH";
    writer.verdict(name, blocked || likely, blocked);
  });
}

void read_facts(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const Json model = either(body, "modelVersion", "model_version");
  if (!model.text().empty()) writer.assign(exchange.response_model, model.text());
  const Json id = either(body, "responseId", "response_id");
  if (!id.text().empty()) writer.assign(exchange.response_id, id.text());
  const Json usage = either(body, "usageMetadata", "usage_metadata");
  if (const auto count = either(usage, "promptTokenCount", "prompt_token_count").count()) {
    exchange.input_tokens = count;
  }
  if (const auto count = either(usage, "candidatesTokenCount", "candidates_token_count").count()) {
    exchange.output_tokens = count;
  }
  const Json feedback = either(body, "promptFeedback", "prompt_feedback");
  const Json reason = either(feedback, "blockReason", "block_reason");
  if (!reason.text().empty()) writer.verdict(lower(reason.text()), true, true);
  read_ratings(either(feedback, "safetyRatings", "safety_ratings"), writer);
  const Json error = body["error"];
  if (!error.exists()) return;
  writer.assign(exchange.error, error["status"].text_or_dump());
  if (exchange.error.empty()) writer.assign(exchange.error, error["code"].text_or_dump());
}

// Finish reasons that are verdicts of a filter.
bool is_filter_reason(std::string_view reason) {
  return reason == "SAFETY" || reason == "PROHIBITED_CONTENT" || reason == "BLOCKLIST" ||
         reason == "SPII" || reason == "MODEL_ARMOR" || reason == "IMAGE_SAFETY";
}

}  // namespace

void Gemini::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "generate_content";
  exchange.stream = exchange.http.path.find(":stream") != std::string::npos;
  const Json system = either(body, "systemInstruction", "system_instruction");
  writer.text(exchange.system_instructions, PartType::kText, system.text(), "$.systemInstruction");
  system["parts"].each_item([&](size_t index, Json part) {
    writer.text(exchange.system_instructions, PartType::kText, part["text"].text(),
                json_path(json_path("$.systemInstruction.parts", index), "text"));
  });
  const Json contents = body["contents"];
  if (contents.is_object()) read_content(contents, 0, writer);
  contents.each_item([&](size_t index, Json content) { read_content(content, index, writer); });
  read_tools(body, writer);
}

void Gemini::read_answer(const Json& body, Writer& writer) { read_event({}, body, writer); }

void Gemini::read_event(std::string_view, const Json& data, Writer& writer) {
  read_facts(data, writer);
  data["candidates"].each_item([&](size_t position, Json from) {
    Candidate* const to = candidate(from["index"].count().value_or(position), writer);
    if (to == nullptr) return;
    const Json content = from["content"];
    if (to->role.empty()) writer.append(to->role, content["role"].text());
    const std::string path =
        json_path("$.candidates", static_cast<size_t>(to->index)) + ".content.parts";
    content["parts"].each_item([&](size_t, Json part) {
      const PartView view = view_part(part);
      // A text goes on where the last one stopped; everything else comes whole.
      const bool grows = view.type == PartType::kText || view.type == PartType::kReasoning;
      Block* block = to->blocks.last();
      if (grows && view.text.empty()) return;
      if (!grows || block == nullptr || block->type != view.type) {
        const uint64_t index = to->blocks.size();
        block = to->blocks.open(index, view.type, json_path(json_path(path, index), view.member),
                                writer);
      }
      if (block == nullptr) return;
      writer.append(block->id, view.call["id"].text());
      if (!grows) writer.append(block->name, view.call["name"].text());
      writer.append(block->text, view.text);
    });
    const std::string_view reason = either(from, "finishReason", "finish_reason").text();
    if (!reason.empty()) writer.assign(to->finish_reason, reason);
    if (is_filter_reason(reason)) writer.verdict(lower(reason), true, true);
    read_ratings(either(from, "safetyRatings", "safety_ratings"), writer);
  });
}

Gemini::Candidate* Gemini::candidate(uint64_t index, Writer& writer) {
  for (Candidate& known : candidates_) {
    if (known.index == index) return &known;
  }
  if (!writer.admit_state()) return nullptr;
  Candidate& made = candidates_.emplace_back();
  made.index = index;
  return &made;
}

void Gemini::finish(Writer& writer) {
  for (Candidate& from : candidates_) {
    Message& message = writer.output(from.role);
    from.blocks.write(message, writer);
    message.finish_reason = from.finish_reason;
    writer.finish_reason(from.finish_reason);
  }
  candidates_.clear();
}

bool Gemini::ended() const {
  return !candidates_.empty() &&
         std::all_of(candidates_.begin(), candidates_.end(),
                     [](const Candidate& one) { return !one.finish_reason.empty(); });
}

}  // namespace sonde::llm
