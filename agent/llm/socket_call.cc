#include "agent/llm/socket_call.h"

#include "agent/llm/dialects/gemini_live.h"
#include "agent/llm/dialects/openai_realtime.h"
#include "agent/llm/provider.h"

namespace sonde::llm {
namespace {

// Messages that may come before one tells the dialect; a socket of another kind is let go then.
constexpr size_t kUnknownMessages = 16;

bool is_openai_message(const Json& message) {
  const std::string_view type = message["type"].text();
  for (const std::string_view prefix : {"session.", "response.", "conversation.",
                                        "input_audio_buffer.", "transcription_session."}) {
    if (type.starts_with(prefix)) return true;
  }
  return false;
}

bool is_gemini_message(const Json& message) {
  for (const char* key :
       {"setup", "setupComplete", "clientContent", "client_content", "serverContent",
        "server_content", "realtimeInput", "realtime_input", "toolCall", "tool_call"}) {
    if (message[key].is_object()) return true;
  }
  return false;
}

}  // namespace

SocketCall::SocketCall(CallEnvironment& environment)
    : environment_(environment),
      base_(std::make_unique<Exchange>()),
      parser_(environment.limits.json_depth) {}
SocketCall::~SocketCall() = default;

void SocketCall::request_head(const http::Head& head) {
  read_request_head(head, environment_.context.fingerprint, *base_);
  base_->http.version = version_name(http::Version::kWebSocket);
  base_->request_model = query_parameter(head.target, "model");
  // Azure names the deployment in the query.
  if (base_->request_model.empty()) {
    base_->request_model = query_parameter(head.target, "deployment");
  }
  base_->provider = provider_of_host(without_port(base_->network.host));
}

void SocketCall::response_head(const http::Head& head) { base_->http.status = head.status; }

std::optional<Json> SocketCall::parse(std::string_view message) {
  if (unknown_ > kUnknownMessages) return std::nullopt;
  text_ = message;
  bool repaired = false;
  std::optional<Json> json = parser_.parse_leniently(text_, repaired);
  if (!json && dialect_) environment_.counters.add(Count::kJsonInvalid);
  if (json && !dialect_) choose(*json);
  if (!dialect_) ++unknown_;
  return dialect_ ? json : std::nullopt;
}

void SocketCall::choose(const Json& message) {
  if (is_openai_message(message)) {
    if (base_->provider.empty()) base_->provider = "openai";
    dialect_ = std::make_unique<OpenAiRealtime>(environment_, *base_);
  } else if (is_gemini_message(message)) {
    if (base_->provider.empty()) base_->provider = "gcp.gemini";
    dialect_ = std::make_unique<GeminiLive>(environment_, *base_);
  }
}

void SocketCall::client_message(std::string_view message) {
  base_->http.request_body_bytes += message.size();
  if (const std::optional<Json> json = parse(message)) dialect_->client_message(*json);
}

void SocketCall::server_message(std::string_view message) {
  base_->http.response_body_bytes += message.size();
  if (const std::optional<Json> json = parse(message)) dialect_->server_message(*json);
}

void SocketCall::gap(uint64_t lost_bytes) {
  base_->capture.lost_bytes += lost_bytes;
  if (dialect_) dialect_->gap();
}

void SocketCall::release() {
  if (dialect_) dialect_->finish();
  dialect_.reset();
}

}  // namespace sonde::llm
