#include "agent/app/identity/kubelet_client.h"

#include <fmt/format.h>

#include "agent/egress/http_client.h"
#include "agent/sink/collector_client.h"

namespace sonde::app {
namespace {

constexpr size_t kAnswerBytes = size_t{32} << 20;
constexpr std::chrono::seconds kConnectTime{3};
constexpr std::chrono::seconds kAnswerTime{5};

std::string pods_url(std::string kubelet) {
  while (kubelet.ends_with('/')) kubelet.pop_back();
  return kubelet + "/pods";
}

}  // namespace

KubeletClient::KubeletClient(const config::Kubernetes& config,
                             std::unique_ptr<egress::HttpClient> http)
    : url_(pods_url(config.kubelet)), token_file_(config.token_file), http_(std::move(http)) {}
KubeletClient::~KubeletClient() = default;

Result<std::unique_ptr<KubeletClient>> KubeletClient::create(const config::Kubernetes& config) {
  egress::HttpOptions options;
  options.ca = config.ca;
  options.connect_timeout = kConnectTime;
  options.timeout = kAnswerTime;
  options.answer_bytes = kAnswerBytes;
  options.verify = config.verify;
  options.proxy = false;  // it is this node's
  auto http = egress::HttpClient::create(options);
  if (!http.ok()) return tl::unexpected<Error>(http.error());
  return std::unique_ptr<KubeletClient>(new KubeletClient(config, std::move(*http)));
}

Result<std::string> KubeletClient::pods() {
  std::vector<std::string> headers = {"Accept: application/json"};
  if (!token_file_.empty()) {
    // Read for each question: Kubernetes exchanges it every hour.
    const auto token = sink::read_token(token_file_);
    if (!token.ok()) return tl::unexpected<Error>(token.error());
    headers.push_back("Authorization: Bearer " + *token);
  }
  auto answer = http_->get(url_, headers);
  if (!answer.ok()) return tl::unexpected<Error>(answer.error());
  if (answer->cut) return fail(fmt::format("{} answers with more than 32 MiB", url_));
  if (answer->status != 200) {
    return fail(
        fmt::format("{} answers with status {}: the service account needs 'get' on "
                    "nodes/proxy",
                    url_, answer->status));
  }
  return std::move(answer->body);
}

void KubeletClient::cancel() { http_->cancel(); }

}  // namespace sonde::app
