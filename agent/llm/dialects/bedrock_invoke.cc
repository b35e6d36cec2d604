#include "agent/llm/dialects/bedrock_invoke.h"

#include <string>

#include "agent/llm/blob.h"
#include "agent/llm/dialects/anthropic_messages.h"
#include "agent/llm/dialects/bedrock_converse.h"
#include "agent/llm/dialects/cohere.h"
#include "agent/llm/dialects/embeddings.h"
#include "agent/llm/dialects/generic_text.h"
#include "agent/llm/dialects/openai_chat.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

DialectPtr dialect_of(const Json& body, std::string_view model) {
  if (model.find("embed") != std::string_view::npos) return std::make_unique<Embeddings>();
  if (body["anthropic_version"].exists() && body["messages"].is_array()) {
    return std::make_unique<AnthropicMessages>();
  }
  const Json first = body["messages"].item(0);
  if (first.exists()) {
    // Nova's content blocks have no "type" and its settings stand in inferenceConfig.
    const bool nova = body["inferenceConfig"].exists() || body["schemaVersion"].exists() ||
                      (first["content"].is_array() && !first["content"].item(0)["type"].exists());
    if (nova) return std::make_unique<BedrockConverse>();
    return std::make_unique<OpenAiChat>();
  }
  if (body["message"].is_string()) return std::make_unique<CohereChat>();
  return std::make_unique<GenericText>();
}

}  // namespace

void BedrockInvoke::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const std::string model = exchange.request_model;  // from the path
  inner_ = dialect_of(body, model);
  inner_->read_request(body, writer);
  if (!model.empty()) exchange.request_model = model;
  exchange.stream = exchange.http.path.find("-stream") != std::string::npos;
}

void BedrockInvoke::read_answer(const Json& body, Writer& writer) {
  if (!inner_) inner_ = std::make_unique<GenericText>();
  inner_->read_answer(body, writer);
  if (body["amazon-bedrock-guardrailAction"].text() == "INTERVENED") {
    writer.verdict("guardrail", true, true);
  }
  read_guardrail(body["amazon-bedrock-trace"], writer);
}

void BedrockInvoke::read_event(std::string_view name, const Json& data, Writer& writer) {
  if (!inner_) inner_ = std::make_unique<GenericText>();
  const Json bytes = data["bytes"];
  if (!bytes.exists()) {
    if (name.ends_with("xception")) writer.assign(writer.exchange().error, name);
    return;
  }
  const std::string text = decode_base64(bytes.text());
  if (!events_) events_ = std::make_unique<JsonParser>(writer.limits().json_depth);
  const std::optional<Json> event = events_->parse(text);
  if (!event) {
    inner_->read_text(name, text, writer);  // an agent's words, as they are
    return;
  }
  inner_->read_event({}, *event, writer);
  if ((*event)["amazon-bedrock-guardrailAction"].text() == "INTERVENED") {
    writer.verdict("guardrail", true, true);
  }
  // The totals come with the last event, whatever the model.
  const Json metrics = (*event)["amazon-bedrock-invocationMetrics"];
  Exchange& exchange = writer.exchange();
  if (const auto count = metrics["inputTokenCount"].count()) exchange.input_tokens = count;
  if (const auto count = metrics["outputTokenCount"].count()) exchange.output_tokens = count;
}

void BedrockInvoke::finish(Writer& writer) {
  if (inner_) inner_->finish(writer);
}

}  // namespace sonde::llm
