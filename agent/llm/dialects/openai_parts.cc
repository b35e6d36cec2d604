#include "agent/llm/dialects/openai_parts.h"

#include "agent/llm/blob.h"

namespace sonde::llm {
namespace {

// "wav" -> "audio/wav"
std::string audio_type(std::string_view format) {
  return format.empty() ? std::string("audio") : "audio/" + std::string(format);
}

// {"thinking": [{"type": "text", "text": ...}]} or {"thinking": "..."}
void append_thinking(const Json& thinking, std::string& reasoning, Writer& writer) {
  writer.append(reasoning, thinking.text());
  thinking.each_item([&](size_t, Json item) { writer.append(reasoning, item["text"].text()); });
}

// Parts other than text; false if the type is unknown.
bool read_blob_part(std::string_view type, const Json& item, const std::string& path,
                    std::vector<Part>& parts, Writer& writer) {
  if (type == "image_url" || type == "input_image" || type == "computer_screenshot") {
    const Json url = item["image_url"];
    Part& part = writer.part(parts, PartType::kBlob, path);
    read_blob_url(part, url.is_string() ? url.text() : url["url"].text());
    if (part.media_type.empty()) part.media_type = "image";
    return true;
  }
  if (type == "input_audio" || type == "audio" || type == "output_audio") {
    // The realtime API has the bytes and what was heard in the part itself.
    writer.text(parts, PartType::kText, item["transcript"].text(), json_path(path, "transcript"));
    const Json nested = item["input_audio"];
    const Json data = nested.exists() ? nested["data"] : item["audio"];
    if (!data.is_string()) return true;
    Part& part = writer.part(parts, PartType::kBlob, path);
    part.media_type = audio_type(nested["format"].text());
    read_base64(part, data.text());
    return true;
  }
  if (type == "video_url" || type == "audio_url" || type == "document_url") {
    const Json url = item[type];
    Part& part = writer.part(parts, PartType::kBlob, path);
    read_blob_url(part, url.is_string() ? url.text() : url["url"].text());
    if (part.media_type.empty()) part.media_type = type.substr(0, type.find('_'));
    return true;
  }
  if (type == "file" || type == "input_file") {
    const Json file = item["file"].exists() ? item["file"] : item;
    Part& part = writer.part(parts, PartType::kBlob, path);
    read_blob_url(part,
                  file["file_data"].exists() ? file["file_data"].text() : file["file_url"].text());
    writer.append(part.name, file["filename"].text());
    writer.append(part.id, file["file_id"].text());
    if (part.media_type.empty()) part.media_type = "application/octet-stream";
    return true;
  }
  return false;
}

void read_content_part(const Json& item, const std::string& path, PartType text_type,
                       std::vector<Part>& parts, Writer& writer) {
  if (item.is_string()) return writer.text(parts, text_type, item.text(), path);
  const std::string_view type = item["type"].text();
  if (type == "refusal") {
    return writer.text(parts, PartType::kRefusal, item["refusal"].text(),
                       json_path(path, "refusal"));
  }
  if (type == "thinking") {
    std::string reasoning;
    append_thinking(item["thinking"], reasoning, writer);
    if (reasoning.empty()) return;
    writer.part(parts, PartType::kReasoning, json_path(path, "thinking")).content =
        std::move(reasoning);
    return;
  }
  if (read_blob_part(type, item, path, parts, writer)) return;
  if (type == "logs") {
    return writer.text(parts, text_type, item["logs"].text(), json_path(path, "logs"));
  }
  const Json text = item["text"];
  // Assistants' API nests it once more: {"text": {"value": ...}}.
  const bool nested = text.is_object();
  const std::string_view content = nested ? text["value"].text() : text.text();
  if (content.empty()) return;
  Part& part = writer.part(parts, text_type, json_path(path, nested ? "text.value" : "text"));
  writer.append(part.content, content);
  writer.annotate(part.annotations, nested ? text["annotations"] : item["annotations"]);
}

void read_openai_tool(const Json& tool, Writer& writer) {
  // Azure's and Gemini's OpenAI forms aside, a built-in tool may be just its name.
  const std::string_view type = tool.is_string() ? tool.text() : tool["type"].text();
  Json definition = tool["function"];
  if (!definition.exists()) definition = tool["custom"];
  if (!definition.exists()) definition = tool;
  ToolDefinition& out = writer.tool();
  if (!type.empty()) writer.assign(out.type, type);
  writer.append(out.name, definition["name"].text());
  // Built-in tools (web_search, code_interpreter, mcp) have no name but their type or label.
  if (out.name.empty()) writer.append(out.name, definition["server_label"].text());
  if (out.name.empty()) writer.append(out.name, type);
  writer.append(out.description, definition["description"].text());
  const Json schema =
      definition["parameters"].exists() ? definition["parameters"] : definition["format"];
  writer.append(out.parameters, schema.dump());
}

}  // namespace

void read_openai_content(const Json& content, const std::string& path, PartType type,
                         std::vector<Part>& parts, Writer& writer) {
  if (content.is_string()) return writer.text(parts, type, content.text(), path);
  if (content.is_object()) return read_content_part(content, path, type, parts, writer);
  content.each_item([&](size_t index, Json item) {
    read_content_part(item, json_path(path, index), type, parts, writer);
  });
}

void append_openai_delta(const Json& content, std::string& text, std::string& reasoning,
                         Writer& writer) {
  writer.grow(PartType::kText, text, content.text());
  content.each_item([&](size_t, Json item) {
    append_thinking(item["thinking"], reasoning, writer);
    writer.grow(PartType::kText, text, item["text"].text());
  });
}

void read_openai_tools(const Json& body, Writer& writer) {
  body["tools"].each_item([&](size_t, Json tool) { read_openai_tool(tool, writer); });
  body["functions"].each_item([&](size_t, Json function) { read_openai_tool(function, writer); });
}

void read_content_filter(const Json& categories, Writer& writer) {
  categories.each_member([&](std::string_view name, Json verdict) {
    if (!verdict.is_object() || name == "error") return;
    const bool filtered = verdict["filtered"].truth();
    const std::string_view severity = verdict["severity"].text();
    const bool graded = !severity.empty() && severity != "safe";
    writer.verdict(name, verdict["detected"].truth() || filtered || graded, filtered);
  });
}

void read_prompt_filter(const Json& body, Writer& writer) {
  const Json results = body["prompt_filter_results"].exists() ? body["prompt_filter_results"]
                                                              : body["prompt_annotations"];
  results.each_item(
      [&](size_t, Json entry) { read_content_filter(entry["content_filter_results"], writer); });
}

void read_openai_error(const Json& body, Writer& writer) {
  const Json error = body["error"];
  Exchange& exchange = writer.exchange();
  if (error.is_object()) {
    const Json code = error["code"].exists() ? error["code"] : error["type"];
    writer.assign(exchange.error, code.text_or_dump());
    if (exchange.error.empty()) exchange.error = "error";
    writer.assign(exchange.error_message, error["message"].text());
    const Json inner = error["innererror"].exists() ? error["innererror"] : error["inner_error"];
    read_content_filter(inner["content_filter_result"], writer);
    read_content_filter(inner["content_filter_results"], writer);
    read_content_filter(error["content_filter_results"], writer);
  } else if (error.exists()) {
    exchange.error = "error";
    writer.assign(exchange.error_message, error.text());
  } else if (body["object"].text() == "error" || body["detail"].exists()) {
    const Json code = body["code"].exists() ? body["code"] : body["type"];
    writer.assign(exchange.error, code.text_or_dump());
    if (exchange.error.empty()) exchange.error = "error";
    const Json message = body["message"].exists() ? body["message"] : body["detail"];
    writer.assign(exchange.error_message, message.text_or_dump());
  }
}

void read_openai_usage(const Json& usage, Exchange& exchange) {
  const auto first = [&](const char* one, const char* other) {
    const auto count = usage[one].count();
    return count ? count : usage[other].count();
  };
  if (const auto count = first("prompt_tokens", "input_tokens")) exchange.input_tokens = count;
  if (const auto count = first("completion_tokens", "output_tokens")) {
    exchange.output_tokens = count;
  }
}

void read_openai_user(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  UserContext& user = exchange.user;
  const Json metadata = body["metadata"];
  for (const char* key : {"conversation_id", "session_id", "thread_id"}) {
    if (exchange.conversation_id.empty()) {
      writer.append(exchange.conversation_id, metadata[key].text());
    }
  }
  for (const Json id : {body["user"], body["safety_identifier"], body["metadata"]["user_id"]}) {
    if (!id.text().empty()) writer.assign(user.end_user_id, id.text());
  }
  const Json context = body["user_security_context"];
  const auto take = [&](std::string& target, const char* key) {
    if (!context[key].text().empty()) writer.assign(target, context[key].text());
  };
  take(user.end_user_id, "end_user_id");
  take(user.application_name, "application_name");
  take(user.source_ip, "source_ip");
  take(user.end_user_tenant_id, "end_user_tenant_id");
}

}  // namespace sonde::llm
