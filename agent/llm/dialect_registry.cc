#include "agent/llm/dialect_registry.h"

#include <algorithm>
#include <array>

#include "agent/llm/dialects/anthropic_messages.h"
#include "agent/llm/dialects/openai_chat.h"
#include "agent/llm/json.h"
#include "agent/llm/provider.h"

namespace sonde::llm {
namespace {

struct DialectEntry {
  std::string_view provider;  // where the host does not tell
  // Each may be null. Paths come without query; the path's word counts only if fits() agrees.
  bool (*path)(std::string_view path);
  bool (*request)(const Json& body);  // by shape alone
  bool (*answer)(const Json& body);   // by shape alone
  DialectPtr (*make)();
};

template <typename T>
DialectPtr make() {
  return std::make_unique<T>();
}

bool chat_path(std::string_view path) { return path.ends_with("/chat/completions"); }
bool messages_path(std::string_view path) { return path.ends_with("/v1/messages"); }

bool has_messages(const Json& body) {
  return body["messages"].is_array() && body["messages"].item(0)["role"].is_string();
}
bool chat_request(const Json& body) { return has_messages(body) && body["model"].is_string(); }
bool anthropic_request(const Json& body) {
  if (!has_messages(body) || !body["max_tokens"].exists()) return false;
  return body["system"].exists() || body["anthropic_version"].exists() ||
         body["tools"].item(0)["input_schema"].exists();
}
bool chat_answer(const Json& body) { return body["object"].text().starts_with("chat.completion"); }
bool anthropic_answer(const Json& body) {
  const std::string_view type = body["type"].text();
  return (type == "message" && body["content"].is_array()) || type == "message_start" ||
         type == "content_block_start" || type == "content_block_delta";
}

// More particular shapes stand above more general ones.
constexpr auto kDialects = std::to_array<DialectEntry>({
    {"anthropic", messages_path, anthropic_request, anthropic_answer, make<AnthropicMessages>},
    {"openai", chat_path, chat_request, chat_answer, make<OpenAiChat>},
});

std::string_view without_query(std::string_view target) {
  return target.substr(0, target.find('?'));
}

// "/openai/deployments/gpt-4o/chat/completions" -> "gpt-4o"
std::string_view azure_deployment(std::string_view path) {
  constexpr std::string_view kMarker = "/deployments/";
  const size_t at = path.find(kMarker);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = path.substr(at + kMarker.size());
  return rest.substr(0, rest.find('/'));
}

Selection selected(const DialectEntry& entry, std::string_view host, std::string_view path) {
  Selection selection{entry.make(), provider_of_host(without_port(host)),
                      std::string(azure_deployment(path))};
  if (selection.provider.empty()) {
    selection.provider = selection.model.empty() ? entry.provider : "azure.ai.openai";
  }
  return selection;
}

}  // namespace

Likelihood judge_head(const http::Head& head) {
  if (head.method != "POST") return Likelihood::kNo;
  const std::string_view path = without_query(head.target);
  for (const DialectEntry& entry : kDialects) {
    if (entry.path != nullptr && entry.path(path)) return Likelihood::kYes;
  }
  const std::string_view type = head.field("content-type");
  if (type.empty() || type.find("json") != std::string_view::npos || type.starts_with("text/")) {
    return Likelihood::kMaybe;
  }
  return Likelihood::kNo;
}

Likelihood judge_beginning(std::string_view body) {
  const size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return Likelihood::kMaybe;
  if (body[start] != '{') return Likelihood::kNo;
  const std::string_view beginning = body.substr(start, kBeginningBytes);
  constexpr auto kKeys = std::to_array<std::string_view>(
      {"\"messages\"", "\"model\"", "\"prompt\"", "\"input\"", "\"contents\"", "\"inputs\""});
  for (const std::string_view key : kKeys) {
    if (beginning.find(key) != std::string_view::npos) return Likelihood::kMaybe;
  }
  return body.size() - start < kBeginningBytes ? Likelihood::kMaybe : Likelihood::kNo;
}

Selection select_dialect(std::string_view host, std::string_view target, const Json& request) {
  const std::string_view path = without_query(target);
  for (const DialectEntry& entry : kDialects) {
    if (entry.path != nullptr && entry.path(path)) return selected(entry, host, path);
  }
  for (const DialectEntry& entry : kDialects) {
    if (entry.request != nullptr && entry.request(request)) return selected(entry, host, path);
  }
  return {};
}

Selection select_dialect_by_answer(std::string_view host, const Json& answer) {
  for (const DialectEntry& entry : kDialects) {
    if (entry.answer != nullptr && entry.answer(answer)) return selected(entry, host, {});
  }
  return {};
}

}  // namespace sonde::llm
