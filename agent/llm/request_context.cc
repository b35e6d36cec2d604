#include "agent/llm/request_context.h"

#include <algorithm>
#include <array>

namespace sonde::llm {
namespace {

using Names = std::initializer_list<std::string_view>;

// Headers by which gateways, observability tools and chat front ends pass on who is behind a call.
constexpr auto kEndUserFields = std::to_array<std::string_view>(
    {"x-end-user-id", "x-user-id", "helicone-user-id", "x-litellm-end-user-id",
     "x-litellm-customer-id", "x-openwebui-user-id", "x-openwebui-user-email"});
constexpr auto kApplicationFields = std::to_array<std::string_view>(
    {"x-application-name", "x-app-name", "x-title", "x-openrouter-title", "http-referer"});
constexpr auto kAddressFields =
    std::to_array<std::string_view>({"x-forwarded-for", "x-real-ip", "x-client-ip"});
constexpr auto kTenantFields =
    std::to_array<std::string_view>({"x-end-user-tenant-id", "x-tenant-id"});
constexpr auto kSessionFields = std::to_array<std::string_view>(
    {"x-conversation-id", "conversation_id", "x-session-id", "session_id", "helicone-session-id",
     "x-litellm-session-id", "x-claude-code-session-id", "langfuse-session-id"});
constexpr auto kKeyFields = std::to_array<std::string_view>(
    {"x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key", "x-token"});
constexpr auto kSecretParameters = std::to_array<std::string_view>(
    {"key", "api_key", "api-key", "apikey", "access_token", "token", "subscription-key", "sig",
     "x-amz-signature", "x-amz-security-token", "x-amz-credential"});

template <size_t N>
std::string_view first_field(const http::Head& head, const std::array<std::string_view, N>& names) {
  for (const std::string_view name : names) {
    if (const std::string_view value = head.field(name); !value.empty()) return value;
  }
  return {};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

bool is_secret_parameter(std::string_view name) {
  const std::string wanted = lower(name);
  return std::find(kSecretParameters.begin(), kSecretParameters.end(), wanted) !=
         kSecretParameters.end();
}

// "Bearer sk-..." -> "sk-..."; AWS signatures name the access key: "Credential=AKIA.../...".
std::string_view secret_of_authorization(std::string_view value) {
  constexpr std::string_view kCredential = "Credential=";
  if (value.starts_with("AWS4-")) {
    const size_t at = value.find(kCredential);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = value.substr(at + kCredential.size());
    return rest.substr(0, rest.find_first_of("/,"));
  }
  const size_t space = value.find(' ');
  return space == std::string_view::npos ? value : value.substr(space + 1);
}

std::string_view secret_of(const http::Head& head) {
  if (const std::string_view key = first_field(head, kKeyFields); !key.empty()) return key;
  if (const std::string_view value = head.field("authorization"); !value.empty()) {
    return secret_of_authorization(value);
  }
  return query_parameter(head.target, "key");
}

// W3C Trace Context: version "-" trace-id "-" parent-id "-" flags; else what older tracers send.
std::string_view trace_of(const http::Head& head) {
  const std::string_view parent = head.field("traceparent");
  constexpr size_t kIdAt = 3;
  constexpr size_t kIdDigits = 32;
  if (parent.size() > kIdAt + kIdDigits && parent[kIdAt - 1] == '-') {
    return parent.substr(kIdAt, kIdDigits);
  }
  return first_field(head, std::to_array<std::string_view>({"x-b3-traceid", "x-datadog-trace-id"}));
}

// Visits each "name=value" of the query: visit(name, value, position of the value).
template <typename Visit>
void each_parameter(std::string_view target, Visit&& visit) {
  size_t at = target.find('?');
  while (at != std::string_view::npos && at < target.size()) {
    const size_t begin = at + 1;
    at = target.find('&', begin);
    const std::string_view pair = target.substr(begin, at - begin);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    visit(pair.substr(0, equals), pair.substr(equals + 1), begin + equals + 1);
  }
}

}  // namespace

std::string masked_target(std::string_view target) {
  std::string out;
  size_t copied = 0;
  each_parameter(target, [&](std::string_view name, std::string_view value, size_t position) {
    if (!is_secret_parameter(name) || value.empty()) return;
    out += target.substr(copied, position - copied);
    out += "***";
    copied = position + value.size();
  });
  out += target.substr(copied);
  return out;
}

std::string_view query_parameter(std::string_view target, std::string_view name) {
  std::string_view found;
  each_parameter(target, [&](std::string_view key, std::string_view value, size_t) {
    if (key == name) found = value;
  });
  return found;
}

void read_request_context(const http::Head& head, const Fingerprint& fingerprint,
                          Exchange& exchange) {
  exchange.http.path = head.target;
  exchange.http.user_agent = head.field("user-agent");
  UserContext& user = exchange.user;
  user.end_user_id = first_field(head, kEndUserFields);
  user.application_name = first_field(head, kApplicationFields);
  user.end_user_tenant_id = first_field(head, kTenantFields);
  // The first address of the list is the client's, the others are proxies'.
  const std::string_view address = first_field(head, kAddressFields);
  user.source_ip = address.substr(0, address.find(','));
  exchange.conversation_id = first_field(head, kSessionFields);
  exchange.trace_id = trace_of(head);
  const std::string_view secret = secret_of(head);
  if (fingerprint && !secret.empty()) exchange.key_fingerprint = fingerprint(secret);
}

}  // namespace sonde::llm
