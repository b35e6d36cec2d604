#include "agent/sink/enrolment.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/sink/file.h"

namespace sonde::sink {
namespace {

using Json = nlohmann::json;

constexpr int64_t kSpreadSteps = 1000;

// The members of the answer to a request that was signed, or what the collector said instead.
Result<Json> issued_by(const Result<egress::HttpAnswer>& answer, std::string_view what) {
  if (!answer.ok()) return tl::unexpected<Error>(answer.error());
  Json json = Json::parse(answer->body, nullptr, false);
  if (answer->status != 201) {
    const bool told = json.is_object() && json.contains("detail") && json["detail"].is_string();
    return fail(fmt::format("the collector refused to {}: {} {}", what, answer->status,
                            told ? json["detail"].get<std::string>() : ""));
  }
  for (const char* name : {"agent_id", "certificate", "ca"}) {
    if (!json.is_object() || !json.contains(name) || !json[name].is_string()) {
      return fail(fmt::format("the collector's answer has no text '{}'", name));
    }
  }
  return json;
}

// Asks again while the collector says when to, and the time for all waits lasts.
Result<egress::HttpAnswer> post_patiently(CollectorClient& client, const EnrolmentRequest& request,
                                          const std::string& body) {
  constexpr std::chrono::seconds kLeast{1};
  std::chrono::seconds left = request.patience;
  for (;;) {
    auto answer = client.post("/api/v1/enrolment", {"Content-Type: application/json"}, body);
    const bool later = answer.ok() && (answer->status == 429 || answer->status == 503);
    if (!later || !answer->retry_after) return answer;
    const std::chrono::seconds wait = std::max(kLeast, *answer->retry_after);
    if (wait > left) return answer;
    left -= wait;
    request.waiting(wait);
    std::this_thread::sleep_for(wait);
  }
}

}  // namespace

Result<std::string> enrol(const EnrolmentRequest& request) {
  const auto made = make_key_and_request();
  if (!made.ok()) return tl::unexpected<Error>(made.error());
  CollectorClientConfig options;
  options.url = request.url;
  options.ca = request.ca;
  options.timeout = std::chrono::seconds(30);
  const auto client = CollectorClient::create(options);
  if (!client.ok()) return tl::unexpected<Error>(client.error());
  Json body = {{"token", request.token}, {"csr", made->request_pem}};
  if (!request.agent_id.empty()) body["agent_id"] = request.agent_id;
  const auto json = issued_by(
      post_patiently(**client, request, body.dump(-1, ' ', false, Json::error_handler_t::replace)),
      "enrol this host");
  if (!json.ok()) return tl::unexpected<Error>(json.error());
  std::error_code exists;
  const std::filesystem::path parent = std::filesystem::path(request.directory).parent_path();
  std::filesystem::create_directories(parent, exists);  // what is wrong, the next step says
  const auto folder = File::open_private_directory(request.directory);
  if (!folder.ok()) return tl::unexpected<Error>(folder.error());
  const std::string ca = (*json)["ca"];
  if (const Status kept = replace_file(request.directory + "/ca.crt", ca); !kept.ok()) {
    return tl::unexpected<Error>(kept.error());
  }
  if (json->contains("policy_key") && (*json)["policy_key"].is_string()) {
    const std::string key = (*json)["policy_key"];
    const Status kept = replace_file(request.directory + "/policy.pub", key);
    if (!kept.ok()) return tl::unexpected<Error>(kept.error());
  }
  if (json->contains("fingerprint_key") && (*json)["fingerprint_key"].is_string()) {
    const std::string key = (*json)["fingerprint_key"];
    const Status kept = replace_file(request.directory + "/fleet.key", key);
    if (!kept.ok()) return tl::unexpected<Error>(kept.error());
  }
  const CertificateFiles files{request.directory + "/agent.crt", request.directory + "/agent.key"};
  const std::string certificate = (*json)["certificate"];
  if (const Status kept = replace_pair(files, certificate, made->key_pem); !kept.ok()) {
    return tl::unexpected<Error>(kept.error());
  }
  return (*json)["agent_id"].get<std::string>();
}

bool renewal_is_due(const CertificateFacts& certificate, int64_t now_s) {
  const int64_t life = certificate.not_after_s - certificate.not_before_s;
  const auto spread = static_cast<int64_t>(std::hash<std::string>()(certificate.common_name) %
                                           static_cast<size_t>(kSpreadSteps));
  // From 61.7 % to 71.7 % of its life.
  const int64_t due = life * 617 / 1000 + life * spread / (10 * kSpreadSteps);
  return now_s >= certificate.not_before_s + due;
}

Status renew(CollectorClient& client, const CertificateFiles& files) {
  const auto made = make_key_and_request();
  if (!made.ok()) return tl::unexpected<Error>(made.error());
  const auto json =
      issued_by(client.post("/api/v1/enrolment/renewal", {"Content-Type: application/json"},
                            Json{{"csr", made->request_pem}}.dump()),
                "renew the certificate");
  if (!json.ok()) return tl::unexpected<Error>(json.error());
  const std::string certificate = (*json)["certificate"];
  return replace_pair(files, certificate, made->key_pem);
}

}  // namespace sonde::sink
