#include "agent/egress/webhook.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sonde::egress {
namespace {

class WebhookTarget final : public Target {
 public:
  WebhookTarget(const WebhookConfig& config, std::string key, std::unique_ptr<HttpClient> client)
      : config_(config), key_(std::move(key)), client_(std::move(client)) {}

  Outcome send(std::span<const Record> records, const std::string& delivery) override {
    std::string body =
        fmt::format(R"({{"schema":"sonde.webhook/1","delivery":"{}","records":[)", delivery);
    for (size_t i = 0; i < records.size(); ++i) {
      if (i > 0) body += ',';
      body += records[i].json;
    }
    body += "]}";
    const int64_t timestamp_s = config_.now_ms() / 1000;
    std::vector<std::string> headers = {"Content-Type: application/json", "webhook-id: " + delivery,
                                        fmt::format("webhook-timestamp: {}", timestamp_s)};
    if (!key_.empty()) {
      headers.push_back("webhook-signature: " +
                        webhook_signature(key_, delivery, timestamp_s, body));
    }
    return judge(client_->post(config_.url, headers, body));
  }

  void cancel() override { client_->cancel(); }

 private:
  const WebhookConfig config_;
  const std::string key_;
  const std::unique_ptr<HttpClient> client_;
};

}  // namespace

Result<std::string> webhook_key(std::string_view secret) {
  constexpr std::string_view kMark = "whsec_";
  if (!secret.starts_with(kMark)) return std::string(secret);
  const std::string_view text = secret.substr(kMark.size());
  std::string key(text.size() / 4 * 3, '\0');
  const int length = text.empty() || text.size() % 4 != 0
                         ? -1
                         : EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                           reinterpret_cast<const unsigned char*>(text.data()),
                                           static_cast<int>(text.size()));
  if (length < 0) return fail("the secret behind whsec_ is not base64");
  const size_t padding = text.size() - text.find_last_not_of('=') - 1;
  key.resize(static_cast<size_t>(length) - padding);
  return key;
}

std::string webhook_signature(std::string_view key, std::string_view id, int64_t timestamp_s,
                              std::string_view body) {
  const std::string head = fmt::format("{}.{}.", id, timestamp_s);
  std::string text = head;
  text += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::array<unsigned char, 64> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return "v1," + std::string(encoded.begin(), encoded.begin() + length);
}

Outcome judge(const Result<HttpAnswer>& answer) {
  if (!answer.ok()) return {Verdict::kTryAgain, answer.error().message};
  const int status = answer->status;
  if (status >= 200 && status < 300) return {};
  const std::string trouble = fmt::format("the receiver answers {}", status);
  if (status == 400 || status == 413 || status == 422) return {Verdict::kRefused, trouble};
  return {Verdict::kTryAgain, trouble, answer->retry_after.value_or(std::chrono::seconds(0))};
}

Result<std::unique_ptr<Target>> make_webhook_target(const WebhookConfig& config) {
  if (const std::string problem = url_problem(config.url); !problem.empty()) {
    return fail("url " + problem);
  }
  auto key = webhook_key(config.secret);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  auto client = HttpClient::create(config.http);
  if (!client.ok()) return tl::unexpected<Error>(client.error());
  return std::unique_ptr<Target>(
      std::make_unique<WebhookTarget>(config, std::move(*key), std::move(*client)));
}

}  // namespace sonde::egress
