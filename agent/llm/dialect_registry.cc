#include "agent/llm/dialect_registry.h"

#include <algorithm>
#include <array>

#include "agent/llm/dialect_table.h"
#include "agent/llm/dialects/generic_text.h"
#include "agent/llm/json.h"
#include "agent/llm/provider.h"

namespace sonde::llm {
namespace {

// Within how many bytes a JSON-RPC batch says that it is one.
constexpr size_t kRpcBytes = 512;

std::string_view without_query(std::string_view target) {
  return target.substr(0, target.find('?'));
}

// Percent-encoding (RFC 3986, 2.1): a model's name may hold "%3A".
std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

// Where a path names the model, and what ends the name there.
struct PathModel {
  std::string_view marker;
  std::string_view ends;
};
constexpr auto kPathModels = std::to_array<PathModel>({
    {"/deployments/", "/"},  // Azure: /openai/deployments/gpt-4o/chat/completions
    {"/model/", "/"},        // Bedrock: /model/amazon.nova-lite-v1%3A0/converse
    {"/endpoints/", "/:"},   // SageMaker: /endpoints/my-llama/invocations
    {"/models/", ":"},       // Gemini: /v1beta/models/gemini-2.5-flash:generateContent
    {"/tunedModels/", ":"},
});

std::string model_in_path(std::string_view path) {
  for (const PathModel& known : kPathModels) {
    const size_t at = path.find(known.marker);
    if (at == std::string_view::npos) continue;
    std::string_view rest = path.substr(at + known.marker.size());
    // Replicate's /models/owner/name/predictions has no verb behind a colon.
    if (rest.ends_with("/predictions")) rest.remove_suffix(std::string_view("/predictions").size());
    return percent_decoded(rest.substr(0, rest.find_first_of(known.ends)));
  }
  return {};
}

Selection selected(const DialectEntry& entry, std::string_view host, std::string_view path) {
  Selection selection{entry.make(), provider_of_host(without_port(host)), model_in_path(path)};
  if (selection.provider.empty()) selection.provider = entry.provider;
  const bool azure = path.find("/openai/deployments/") != std::string_view::npos;
  if (azure && selection.provider == "openai") selection.provider = "azure.ai.openai";
  return selection;
}

}  // namespace

Likelihood judge_head(const http::Head& head) {
  const std::string_view path = without_query(head.target);
  const bool reading = head.method == "GET";
  if (!reading && head.method != "POST") return Likelihood::kNo;
  for (const DialectEntry& entry : dialect_table()) {
    if ((!reading || entry.also_read) && entry.path != nullptr && entry.path(path)) {
      return Likelihood::kYes;
    }
  }
  if (reading) return Likelihood::kNo;
  const std::string_view type = head.field("content-type");
  if (type.empty() || type.find("json") != std::string_view::npos || type.starts_with("text/")) {
    return Likelihood::kMaybe;
  }
  return Likelihood::kNo;
}

Likelihood judge_beginning(std::string_view body) {
  const size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return Likelihood::kMaybe;
  const std::string_view beginning = body.substr(start, kBeginningBytes);
  // A batch of JSON-RPC is an array.
  if (beginning.find("\"jsonrpc\"") != std::string_view::npos) return Likelihood::kMaybe;
  if (beginning[0] != '{') {
    const bool may_come = beginning[0] == '[' && body.size() - start < kRpcBytes;
    return may_come ? Likelihood::kMaybe : Likelihood::kNo;
  }
  constexpr auto kKeys = std::to_array<std::string_view>(
      {"\"messages\"", "\"model\"", "\"prompt\"", "\"input\"", "\"contents\"", "\"inputs\"",
       "\"inputText\"", "\"text\"", "\"query\"", "\"question\"", "\"history\"", "\"request\""});
  for (const std::string_view key : kKeys) {
    if (beginning.find(key) != std::string_view::npos) return Likelihood::kMaybe;
  }
  return body.size() - start < kBeginningBytes ? Likelihood::kMaybe : Likelihood::kNo;
}

Selection select_dialect(std::string_view host, std::string_view target, const Json& request) {
  const std::string_view path = without_query(target);
  for (const DialectEntry& entry : dialect_table()) {
    if (entry.path == nullptr || !entry.path(path)) continue;
    if (entry.needs == nullptr || entry.needs(request)) return selected(entry, host, path);
  }
  for (const DialectEntry& entry : dialect_table()) {
    if (entry.request != nullptr && entry.request(request)) return selected(entry, host, path);
  }
  // An API that is not known, of a provider that is.
  const std::string_view provider = provider_of_host(without_port(host));
  if (!provider.empty() && GenericText::has_text(request)) {
    return {std::make_unique<GenericText>(), provider, model_in_path(path)};
  }
  return {};
}

Selection select_dialect_by_answer(std::string_view host, const Json& answer) {
  for (const DialectEntry& entry : dialect_table()) {
    if (entry.answer != nullptr && entry.answer(answer)) return selected(entry, host, {});
  }
  return {};
}

}  // namespace sonde::llm
