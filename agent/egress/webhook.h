// POST of OCSF records as JSON, signed as Standard Webhooks describes: webhook-id,
// webhook-timestamp, webhook-signature "v1,base64(HMAC-SHA256(key, id.timestamp.body))".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "agent/egress/http_client.h"
#include "agent/egress/target.h"

namespace sonde::egress {

struct WebhookConfig {
  std::string url;
  std::string secret;  // empty: not signed
  HttpOptions http;
  std::function<int64_t()> now_ms;
};

// At least once: a batch that is sent again has the same webhook-id, and each record its uid.
Result<std::unique_ptr<Target>> make_webhook_target(const WebhookConfig& config);

// The key of a secret: base64 behind "whsec_", as Standard Webhooks writes secrets; any other is
// taken as it stands. Fails where what is behind the mark is no base64.
Result<std::string> webhook_key(std::string_view secret);

// The value of webhook-signature.
std::string webhook_signature(std::string_view key, std::string_view id, int64_t timestamp_s,
                              std::string_view body);

// What an answer to a batch means. 400, 413 and 422 speak of the content; all else may pass.
Outcome judge(const Result<HttpAnswer>& answer);

}  // namespace sonde::egress
