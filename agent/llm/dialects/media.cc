#include "agent/llm/dialects/media.h"

#include "agent/llm/blob.h"
#include "agent/llm/dialects/gemini_parts.h"
#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

struct Operation {
  std::string_view path;
  std::string_view name;
};
// In the order of asking.
constexpr Operation kOperations[] = {
    {"/images/", "image_generation"}, {"/audio/speech", "speech"},
    {"/text-to-speech/", "speech"},   {"/audio/", "transcription"},
    {"/moderations", "moderation"},   {"shieldPrompt", "moderation"},
    {"text:analyze", "moderation"},   {"/guardrail/", "moderation"},
    {"/videos", "video_generation"},  {"/ocr", "ocr"},
    {"/fine_tuning/", "fine_tuning"}, {"/vector_stores", "search"},
    {"/uploads", "file_upload"},      {"/files", "file_upload"},
};

std::string_view operation_of(std::string_view path) {
  for (const Operation& known : kOperations) {
    if (path.find(known.path) != std::string_view::npos) return known.name;
  }
  return "media";
}

// What people write to these APIs, and what they hand over to be judged or searched.
constexpr const char* kUserTexts[] = {"prompt",     "input", "negative_prompt",
                                      "userPrompt", "query", "text"};

// {"filename", "media_type", "size_bytes", "sha256", "text"}, as form_as_json() writes it.
void read_file(std::string_view name, const Json& file, Writer& writer) {
  const std::string path = json_path("$", name);
  // What a file says is a document's word, not the user's.
  Message& message = writer.input("user", Zone::kTool);
  Part& part = writer.part(message.parts, PartType::kBlob, path);
  writer.append(part.name, file["filename"].text());
  writer.append(part.media_type, file["media_type"].text());
  writer.append(part.hash, file["sha256"].text());
  part.size_bytes = std::strtoull(std::string(file["size_bytes"].text()).c_str(), nullptr, 10);
  writer.text(message.parts, PartType::kText, file["text"].text(), json_path(path, "text"));
}

void read_user_text(const Json& text, const std::string& path, Writer& writer) {
  if (text.is_string() && text.text().empty()) return;
  if (!text.is_string() && !text.is_array()) return;
  read_openai_content(text, path, PartType::kText, writer.input("user").parts, writer);
}

// {"data": [{"b64_json" | "url", "revised_prompt"}]}, or one image of a stream.
void read_image(const Json& image, const std::string& path, Message& message, Writer& writer) {
  writer.text(message.parts, PartType::kText, image["revised_prompt"].text(),
              json_path(path, "revised_prompt"));
  const Json bytes = image["b64_json"];
  if (!bytes.exists() && !image["url"].exists()) return;
  Part& part = writer.part(message.parts, PartType::kBlob, path);
  part.media_type = "image";
  bytes.exists() ? read_base64(part, bytes.text()) : read_blob_url(part, image["url"].text());
}

// OpenAI's and Mistral's {"results": [{"categories": {"hate": true}}]}.
void read_categories(const Json& body, Writer& writer) {
  body["results"].each_item([&](size_t, Json result) {
    result["categories"].each_member(
        [&](std::string_view name, Json hit) { writer.verdict(name, hit.truth(), false); });
  });
}

// Azure AI Content Safety: Prompt Shields, and categories with a severity of 0, 2, 4 or 6.
void read_azure_safety(const Json& body, Writer& writer) {
  const Json user = body["userPromptAnalysis"];
  if (user.exists()) writer.verdict("jailbreak", user["attackDetected"].truth(), false);
  body["documentsAnalysis"].each_item([&](size_t, Json document) {
    writer.verdict("indirect_attack", document["attackDetected"].truth(), false);
  });
  body["categoriesAnalysis"].each_item([&](size_t, Json category) {
    writer.verdict(lower_case(category["category"].text()), category["severity"].number() > 0,
                   false);
  });
}

}  // namespace

void Media::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = operation_of(exchange.http.path);
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  const Json stream = body["stream"];
  exchange.stream = stream.truth() || stream.text() == "true";
  writer.text(exchange.system_instructions, PartType::kText, body["instructions"].text(),
              "$.instructions");
  for (const char* key : kUserTexts) read_user_text(body[key], json_path("$", key), writer);
  body["documents"].each_item([&](size_t index, Json document) {
    writer.text(writer.input("user", Zone::kTool).parts, PartType::kText, document.text(),
                json_path("$.documents", index));
  });
  // Bedrock's ApplyGuardrail: {"content": [{"text": {"text": ...}}]}.
  body["content"].each_item([&](size_t index, Json block) {
    writer.text(writer.input("user").parts, PartType::kText, block["text"]["text"].text(),
                json_path("$.content", index) + ".text.text");
  });
  body.each_member([&](std::string_view name, Json value) {
    if (value["sha256"].is_string()) read_file(name, value, writer);
  });
  read_openai_user(body, writer);
}

void Media::read_answer(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  read_openai_error(body, writer);
  read_openai_usage(body["usage"], exchange);
  if (!body["id"].text().empty()) writer.assign(exchange.response_id, body["id"].text());
  if (!body["model"].text().empty()) writer.assign(exchange.response_model, body["model"].text());
  read_categories(body, writer);
  read_azure_safety(body, writer);
  if (body["text"].is_string()) {
    writer.text(writer.output("assistant").parts, PartType::kText, body["text"].text(), "$.text");
  }
  const Json first = body["data"].item(0);
  if (first["b64_json"].exists() || first["url"].exists()) {
    Message& message = writer.output("assistant");
    body["data"].each_item([&](size_t index, Json image) {
      read_image(image, json_path("$.data", index), message, writer);
    });
  }
  // Search in a vector store, and the pages of a document that was read.
  for (const char* list : {"data", "pages"}) {
    body[list].each_item([&](size_t index, Json found) {
      const std::string path = json_path(json_path("$", list), index);
      const Json texts = found["markdown"].exists() ? found["markdown"] : found["content"];
      if (!texts.is_string() && !texts.is_array()) return;
      Message& message = writer.output("tool");
      message.zone = Zone::kTool;
      read_openai_content(texts, path, PartType::kToolCallResponse, message.parts, writer);
    });
  }
}

void Media::read_event(std::string_view name, const Json& data, Writer& writer) {
  const std::string_view type = data["type"].exists() ? data["type"].text() : name;
  read_openai_error(data, writer);
  read_openai_usage(data["usage"], writer.exchange());
  if (type == "transcript.text.delta") {
    writer.append(transcript_, data["delta"].text());
  } else if (type == "transcript.text.done") {
    ended_ = true;
    transcript_.clear();
    writer.append(transcript_, data["text"].text());
  } else if (type.starts_with("image_") && type.ends_with(".completed")) {
    ended_ = true;
    read_image(data, "$", writer.output("assistant"), writer);
  }
}

bool Media::read_text(std::string_view, std::string_view text, Writer& writer) {
  writer.append(transcript_, text);
  return true;
}

void Media::finish(Writer& writer) {
  if (transcript_.empty()) return;
  writer.part(writer.output("assistant").parts, PartType::kText, "$.text").content =
      std::move(transcript_);
  transcript_.clear();
}

}  // namespace sonde::llm
