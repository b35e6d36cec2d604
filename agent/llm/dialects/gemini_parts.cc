#include "agent/llm/dialects/gemini_parts.h"

#include <algorithm>
#include <cctype>

#include "agent/llm/blob.h"

namespace sonde::llm {
namespace {

void read_blob(const Json& blob, Part& part, Writer& writer) {
  writer.append(part.media_type, gemini_member(blob, "mimeType", "mime_type").text());
  const Json uri = gemini_member(blob, "fileUri", "file_uri");
  if (uri.exists()) {
    writer.append(part.content, uri.text());
  } else {
    read_base64(part, blob["data"].text());
  }
}

Json blob_of(const Json& part) {
  const Json inline_data = gemini_member(part, "inlineData", "inline_data");
  return inline_data.exists() ? inline_data : gemini_member(part, "fileData", "file_data");
}

// What a part is, where its text stands, and that text.
struct PartView {
  PartType type = PartType::kText;
  const char* member = "text";
  std::string text;
  std::string_view id;
  std::string_view name;
};

PartView view_part(const Json& from) {
  if (const Json call = gemini_member(from, "functionCall", "function_call"); call.exists()) {
    return {PartType::kToolCall, "functionCall.args", call["args"].dump(), call["id"].text(),
            call["name"].text()};
  }
  const Json answer = gemini_member(from, "functionResponse", "function_response");
  if (answer.exists()) {
    return {PartType::kToolCallResponse, "functionResponse.response", answer["response"].dump(),
            answer["id"].text(), answer["name"].text()};
  }
  if (const Json code = gemini_member(from, "executableCode", "executable_code"); code.exists()) {
    return {PartType::kToolCall, "executableCode", code.dump(), {}, "code_execution"};
  }
  const Json ran = gemini_member(from, "codeExecutionResult", "code_execution_result");
  if (ran.exists()) {
    return {PartType::kToolCallResponse,
            "codeExecutionResult.output",
            std::string(ran["output"].text()),
            {},
            "code_execution"};
  }
  return {.type = from["thought"].truth() ? PartType::kReasoning : PartType::kText,
          .text = std::string(from["text"].text())};
}

bool is_prose(PartType type) { return type == PartType::kText || type == PartType::kReasoning; }

void read_part(const Json& from, const std::string& path, std::vector<Part>& parts,
               Writer& writer) {
  if (from.is_string()) return writer.text(parts, PartType::kText, from.text(), path);
  if (const Json blob = blob_of(from); blob.exists()) {
    return read_blob(blob, writer.part(parts, PartType::kBlob, path), writer);
  }
  const PartView view = view_part(from);
  if (is_prose(view.type) && view.text.empty()) return;
  Part& part = writer.part(parts, view.type, json_path(path, view.member));
  writer.append(part.id, view.id);
  writer.append(part.name, view.name);
  writer.append(view.type == PartType::kToolCall ? part.arguments : part.content, view.text);
}

bool is_function_response(const Json& part) {
  return gemini_member(part, "functionResponse", "function_response").exists();
}

}  // namespace

Json gemini_member(const Json& from, const char* camel, const char* snake) {
  const Json value = from[camel];
  return value.exists() ? value : from[snake];
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

void read_gemini_content(const Json& content, const std::string& path, Writer& writer) {
  const std::string parts_path = json_path(path, "parts");
  const std::string_view role = content["role"].exists() ? content["role"].text() : "user";
  const Zone own_zone = zone_of_role(role);
  Message* message = nullptr;
  const auto add = [&](const Json& part, const std::string& part_path) {
    const Zone zone = is_function_response(part) ? Zone::kTool : own_zone;
    if (message == nullptr || message->zone != zone) {
      message = &writer.input(zone == own_zone ? role : std::string_view("tool"), zone);
    }
    read_part(part, part_path, message->parts, writer);
  };
  if (content.is_string()) return add(content, path);
  const Json parts = content["parts"];
  if (parts.is_object() || parts.is_string()) return add(parts, parts_path);
  parts.each_item([&](size_t position, Json part) { add(part, json_path(parts_path, position)); });
}

void read_gemini_system(const Json& body, Writer& writer) {
  std::vector<Part>& parts = writer.exchange().system_instructions;
  const Json system = gemini_member(body, "systemInstruction", "system_instruction");
  const std::string path = "$.systemInstruction";
  if (system.is_string()) return read_part(system, path, parts, writer);
  const Json list = system["parts"];
  if (list.is_object()) return read_part(list, json_path(path, "parts"), parts, writer);
  list.each_item([&](size_t index, Json part) {
    read_part(part, json_path(json_path(path, "parts"), index), parts, writer);
  });
}

void read_gemini_tools(const Json& body, Writer& writer) {
  const auto read = [&](const Json& tool) {
    const Json functions = gemini_member(tool, "functionDeclarations", "function_declarations");
    functions.each_item([&](size_t, Json function) {
      ToolDefinition& out = writer.tool();
      writer.append(out.name, function["name"].text());
      writer.append(out.description, function["description"].text());
      const Json own = function["parameters"];
      const Json schema =
          own.exists() ? own
                       : gemini_member(function, "parametersJsonSchema", "parameters_json_schema");
      writer.append(out.parameters, schema.dump());
    });
    if (functions.exists()) return;
    // Built-in tools are named by their member: {"googleSearch": {}}.
    tool.each_member([&](std::string_view name, Json) {
      ToolDefinition& out = writer.tool();
      writer.append(out.name, name);
      writer.assign(out.type, name);
    });
  };
  if (body["tools"].is_object()) return read(body["tools"]);
  body["tools"].each_item([&](size_t, Json tool) { read(tool); });
}

void read_gemini_usage(const Json& usage, Exchange& exchange) {
  if (const auto count = gemini_member(usage, "promptTokenCount", "prompt_token_count").count()) {
    exchange.input_tokens = count;
  }
  for (const auto& [camel, snake] :
       {std::pair{"responseTokenCount", "response_token_count"},  // the live API's name
        std::pair{"candidatesTokenCount", "candidates_token_count"}}) {
    if (const auto count = gemini_member(usage, camel, snake).count()) {
      exchange.output_tokens = count;
    }
  }
}

void add_gemini_part(const Json& from, std::string_view parts_path, BlockList& blocks, bool grows,
                     Writer& writer) {
  const uint64_t index = blocks.size();
  const std::string path = json_path(parts_path, index);
  if (const Json blob = blob_of(from); blob.exists()) {
    Block* const block = blocks.open(index, PartType::kBlob, path, writer);
    if (block != nullptr) {
      read_blob(blob, writer.part(block->whole, PartType::kBlob, path), writer);
    }
    return;
  }
  const PartView view = view_part(from);
  const bool prose = is_prose(view.type);
  if (prose && view.text.empty()) return;
  Block* block = blocks.last();
  if (!prose || !grows || block == nullptr || block->type != view.type) {
    block = blocks.open(index, view.type, json_path(path, view.member), writer);
  }
  if (block == nullptr) return;
  if (!prose) {
    writer.append(block->id, view.id);
    writer.append(block->name, view.name);
  }
  writer.grow(block->type, block->text, view.text);
}

}  // namespace sonde::llm
