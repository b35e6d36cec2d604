#include "agent/llm/dialect_table.h"

#include <array>

#include "agent/llm/dialects/anthropic_messages.h"
#include "agent/llm/dialects/assistants.h"
#include "agent/llm/dialects/bedrock_converse.h"
#include "agent/llm/dialects/bedrock_invoke.h"
#include "agent/llm/dialects/cohere.h"
#include "agent/llm/dialects/embeddings.h"
#include "agent/llm/dialects/gemini.h"
#include "agent/llm/dialects/gemini_interactions.h"
#include "agent/llm/dialects/generic_text.h"
#include "agent/llm/dialects/media.h"
#include "agent/llm/dialects/mistral_conversations.h"
#include "agent/llm/dialects/ollama.h"
#include "agent/llm/dialects/openai_chat.h"
#include "agent/llm/dialects/openai_completions.h"
#include "agent/llm/dialects/openai_responses.h"
#include "agent/llm/dialects/text_generation.h"
#include "agent/llm/grpc_methods.h"
#include "agent/llm/json.h"

namespace sonde::llm {
namespace {

template <typename T>
DialectPtr make() {
  return std::make_unique<T>();
}

bool holds(std::string_view path, std::string_view word) {
  return path.find(word) != std::string_view::npos;
}

bool is_assistants(std::string_view path) {
  return holds(path, "/threads") || path.ends_with("/assistants") || holds(path, "/assistants/");
}
bool is_conversations(std::string_view path) { return holds(path, "/v1/conversations"); }
bool is_anthropic(std::string_view path) {
  return path.ends_with("/v1/messages") || path.ends_with("/v1/messages/count_tokens") ||
         path.ends_with("/v1/messages/batches");
}
// Vertex AI hands other makers' requests on as they are.
bool is_raw_predict(std::string_view path) {
  return path.ends_with(":rawPredict") || path.ends_with(":streamRawPredict");
}
bool is_chat(std::string_view path) { return path.ends_with("/chat/completions"); }
bool is_completions(std::string_view path) {
  return path.ends_with("/completions") && !is_chat(path);
}
bool is_responses(std::string_view path) {
  return path.ends_with("/responses") || holds(path, "/responses/");
}
bool is_ollama_embeddings(std::string_view path) {
  return path.ends_with("/api/embed") || path.ends_with("/api/embeddings");
}
bool is_embeddings(std::string_view path) {
  return path.ends_with("/embeddings") || path.ends_with("/embed") ||
         path.ends_with(":embedContent") || path.ends_with(":batchEmbedContents") ||
         path.ends_with("/rerank");
}
bool is_media(std::string_view path) {
  return holds(path, "/images/") || holds(path, "/audio/") || holds(path, "/text-to-speech/") ||
         path.ends_with("/moderations") || holds(path, "/contentsafety/text:") ||
         (holds(path, "/guardrail/") && path.ends_with("/apply")) || path.ends_with("/videos") ||
         path.ends_with("/ocr") || (holds(path, "/vector_stores/") && path.ends_with("/search"));
}
bool is_upload(std::string_view path) { return path.ends_with("/files"); }
bool is_text_generation(std::string_view path) {
  return path.ends_with("/generate_stream") || path.ends_with("/generate");
}
bool is_bedrock_agent(std::string_view path) {
  return path.ends_with("/retrieveAndGenerate") || path.ends_with("/retrieveAndGenerateStream") ||
         (holds(path, "/agents/") && path.ends_with("/text"));
}
bool is_watsonx(std::string_view path) {
  return holds(path, "/generation/text") || holds(path, "/text/generation");
}
bool is_predict(std::string_view path) {
  return path.ends_with(":predict") || path.ends_with(":serverStreamingPredict");
}
bool is_workers_ai(std::string_view path) { return holds(path, "/ai/run/"); }
bool is_dash_scope(std::string_view path) { return holds(path, "/services/aigc/"); }
bool is_interaction(std::string_view path) { return path.ends_with("/interactions"); }
bool is_ollama(std::string_view path) {
  return path.ends_with("/api/chat") || path.ends_with("/api/generate");
}
bool is_gemini(std::string_view path) {
  return grpc_method(path) != nullptr || path.ends_with(":generateContent") ||
         path.ends_with(":streamGenerateContent") || path.ends_with(":countTokens") ||
         path.ends_with("/cachedContents");
}
bool is_converse(std::string_view path) {
  return holds(path, "/model/") &&
         (path.ends_with("/converse") || path.ends_with("/converse-stream"));
}
bool is_invoke(std::string_view path) {
  return holds(path, "/model/") &&
         (path.ends_with("/invoke") || path.ends_with("/invoke-with-response-stream"));
}
bool is_cohere(std::string_view path) { return path.ends_with("/v2/chat"); }
// Replicate answers later: the prediction is read, or streamed, by its own address.
bool is_prediction(std::string_view path) {
  return path.ends_with("/predictions") || holds(path, "/v1/predictions/") ||
         holds(path, "/v1/streams/");
}

bool has_messages(const Json& body) { return body["messages"].item(0)["role"].is_string(); }

bool has_anthropic_version(const Json& body) { return body["anthropic_version"].exists(); }
bool media_request(const Json& body) {
  for (const char* key : {"prompt", "input", "file", "image", "image[]", "userPrompt", "text",
                          "content", "documents", "document", "query"}) {
    if (body[key].exists()) return true;
  }
  return false;
}
bool upload_request(const Json& body) {
  return body["purpose"].is_string() && body["file"]["sha256"].is_string();
}
bool text_generation_request(const Json& body) {
  const Json inputs = body["inputs"];
  return (inputs.is_string() || inputs.item(0).is_string()) &&
         (body["parameters"].is_object() || body["stream"].exists());
}
bool interaction_request(const Json& body) {
  return body["input"].exists() && (body["model"].is_string() || body["agent"].is_string());
}
bool has_instances(const Json& body) { return body["instances"].is_array(); }
bool has_inputs(const Json& body) { return body["inputs"].is_string(); }
bool chat_request(const Json& body) { return has_messages(body) && body["model"].is_string(); }
bool anthropic_request(const Json& body) {
  if (!has_messages(body) || !body["max_tokens"].exists()) return false;
  return body["system"].exists() || body["anthropic_version"].exists() ||
         body["tools"].item(0)["input_schema"].exists();
}
bool responses_request(const Json& body) {
  if (!body["model"].is_string()) return false;
  const Json first = body["input"].item(0);
  return first["role"].is_string() || first["type"].is_string() ||
         (body["input"].is_string() &&
          (body["instructions"].is_string() || body["max_output_tokens"].exists()));
}
bool gemini_request(const Json& body) {
  const Json wrapped = body["request"]["contents"];
  return (wrapped.exists() ? wrapped : body["contents"]).item(0)["parts"].is_array();
}
bool converse_request(const Json& body) {
  return has_messages(body) && body["inferenceConfig"].exists();
}
bool cohere_request(const Json& body) {
  return body["message"].is_string() &&
         (body["chat_history"].is_array() || body["preamble"].exists() ||
          body["model"].text().starts_with("command"));
}
bool embeddings_request(const Json& body) {
  return body["model"].text().find("embed") != std::string_view::npos &&
         (body["input"].exists() || body["texts"].exists());
}

bool chat_answer(const Json& body) { return body["object"].text().starts_with("chat.completion"); }
bool completions_answer(const Json& body) { return body["object"].text() == "text_completion"; }
bool responses_answer(const Json& body) {
  return body["object"].text() == "response" || body["type"].text().starts_with("response.");
}
bool anthropic_answer(const Json& body) {
  const std::string_view type = body["type"].text();
  return (type == "message" && body["content"].is_array()) || type == "message_start" ||
         type == "content_block_start" || type == "content_block_delta";
}
bool gemini_answer(const Json& body) { return body["candidates"].item(0)["content"].exists(); }
bool converse_answer(const Json& body) { return body["output"]["message"]["content"].is_array(); }
bool text_generation_answer(const Json& body) {
  return body["generated_text"].is_string() || body["token"]["logprob"].exists();
}
bool ollama_answer(const Json& body) {
  return body["done"].exists() && body["created_at"].exists() &&
         (body["message"].is_object() || body["response"].is_string());
}

constexpr auto kDialects = std::to_array<DialectEntry>({
    {"openai", is_assistants, nullptr, nullptr, make<Assistants>, true},
    {"mistral_ai", is_conversations, nullptr, nullptr, make<MistralConversations>},
    {"anthropic", is_anthropic, anthropic_request, anthropic_answer, make<AnthropicMessages>},
    {"gcp.vertex_ai", is_raw_predict, nullptr, nullptr, make<AnthropicMessages>, false,
     has_anthropic_version},
    {"openai", is_chat, nullptr, chat_answer, make<OpenAiChat>},
    {"openai", is_responses, responses_request, responses_answer, make<OpenAiResponses>, true},
    // Mistral's agents are asked at /agents/completions.
    {"openai", is_completions, nullptr, nullptr, make<OpenAiChat>, false, has_messages},
    {"openai", is_completions, nullptr, completions_answer, make<OpenAiCompletions>},
    {"ollama", is_ollama_embeddings, nullptr, nullptr, make<Embeddings>},
    {"openai", is_embeddings, embeddings_request, nullptr, make<Embeddings>},
    {"openai", is_media, nullptr, nullptr, make<Media>, false, media_request},
    {"openai", is_upload, nullptr, nullptr, make<Media>, false, upload_request},
    {"ollama", is_ollama, nullptr, ollama_answer, make<Ollama>},
    {"gcp.gemini", is_gemini, gemini_request, gemini_answer, make<Gemini>},
    {"aws.bedrock", is_converse, converse_request, converse_answer, make<BedrockConverse>},
    {"aws.bedrock", is_invoke, nullptr, nullptr, make<BedrockInvoke>},
    {"aws.bedrock", is_bedrock_agent, nullptr, nullptr, make<BedrockInvoke>},
    {"cohere", is_cohere, cohere_request, nullptr, make<CohereChat>},
    // OpenAI's chat shape is what most imitate: it stands below those that are more particular.
    {"openai", nullptr, chat_request, nullptr, make<OpenAiChat>},
    {"huggingface", is_text_generation, text_generation_request, text_generation_answer,
     make<TextGeneration>, false, has_inputs},
    {"replicate", is_prediction, nullptr, nullptr, make<GenericText>, true},
    {"ibm.watsonx.ai", is_watsonx, nullptr, nullptr, make<GenericText>},
    {"gcp.vertex_ai", is_predict, nullptr, nullptr, make<GenericText>, false, has_instances},
    {"cloudflare", is_workers_ai, nullptr, nullptr, make<GenericText>},
    {"alibaba_cloud", is_dash_scope, nullptr, nullptr, make<GenericText>},
    {"gcp.gemini", is_interaction, nullptr, nullptr, make<GeminiInteractions>, false,
     interaction_request},
    {"unknown", nullptr, GenericText::fits_request, nullptr, make<GenericText>},
});

}  // namespace

std::span<const DialectEntry> dialect_table() { return kDialects; }

}  // namespace sonde::llm
