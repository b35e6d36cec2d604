#include "agent/llm/dialects/embeddings.h"

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// OpenAI, Mistral, Voyage, Ollama: input; Cohere: texts; Ollama's older call: prompt; Bedrock's
// Titan: inputText; Hugging Face and others: inputs.
constexpr const char* kTextKeys[] = {"input", "texts", "prompt", "inputText", "inputs"};

void read_texts(const Json& texts, const std::string& path, Writer& writer) {
  if (texts.is_string()) {
    return writer.text(writer.input("user").parts, PartType::kText, texts.text(), path);
  }
  texts.each_item([&](size_t index, Json item) {
    const std::string item_path = json_path(path, index);
    // A list of numbers is a text in tokens: nothing that can be read.
    if (item.is_string() || item.is_object()) {
      read_openai_content(item.is_object() && item["content"].exists() ? item["content"] : item,
                          item_path, PartType::kText, writer.input("user").parts, writer);
    }
  });
}

// Gemini: {"content": {"parts": [{"text"}]}} or {"requests": [{"content": ...}]}.
void read_gemini(const Json& content, const std::string& path, Writer& writer) {
  const Json parts = content["parts"];
  if (!parts.is_array()) return;
  read_openai_content(parts, json_path(path, "parts"), PartType::kText, writer.input("user").parts,
                      writer);
}

// A question and the documents to be put in order, which are not the user's words.
void read_rerank(const Json& body, Writer& writer) {
  read_texts(body["query"], "$.query", writer);
  for (const char* key : {"documents", "passages"}) {
    body[key].each_item([&](size_t index, Json document) {
      const Json text = document.is_object() ? document["text"] : document;
      writer.text(writer.input("user", Zone::kTool).parts, PartType::kText, text.text_or_dump(),
                  json_path(json_path("$", key), index));
    });
  }
}

}  // namespace

void Embeddings::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const bool rerank = exchange.http.path.find("/rerank") != std::string::npos;
  exchange.operation = rerank ? "rerank" : "embeddings";
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  for (const char* key : kTextKeys) read_texts(body[key], json_path("$", key), writer);
  read_gemini(body["content"], "$.content", writer);
  body["requests"].each_item([&](size_t index, Json request) {
    read_gemini(request["content"], json_path("$.requests", index) + ".content", writer);
  });
  // Vertex: {"instances": [{"content": "..."}]}.
  body["instances"].each_item([&](size_t index, Json instance) {
    read_texts(instance["content"], json_path("$.instances", index) + ".content", writer);
  });
  if (rerank) read_rerank(body, writer);
  read_openai_user(body, writer);
}

void Embeddings::read_answer(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!body["id"].text().empty()) writer.assign(exchange.response_id, body["id"].text());
  if (!body["model"].text().empty()) writer.assign(exchange.response_model, body["model"].text());
  read_openai_usage(body["usage"], exchange);
  for (const Json count : {body["prompt_eval_count"], body["inputTextTokenCount"],
                           body["meta"]["billed_units"]["input_tokens"]}) {
    if (count.count()) exchange.input_tokens = count.count();
  }
  read_openai_error(body, writer);
}

void Embeddings::read_event(std::string_view, const Json& data, Writer& writer) {
  read_answer(data, writer);
}

void Embeddings::finish(Writer&) {}

}  // namespace sonde::llm
