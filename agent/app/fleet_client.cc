#include "agent/app/fleet_client.h"

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "agent/app/delivery.h"
#include "agent/app/fingerprint_key.h"
#include "agent/sink/enrolment.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr auto kNotGiven = 404;  // an older collector
constexpr auto kNothingNew = 204;

}  // namespace

FleetClient::FleetClient(const config::Config& config,
                         std::unique_ptr<sink::CollectorClient> client)
    : config_(config),
      store_(config.state_directory, config.collector.policy_key),
      client_(std::move(client)),
      thread_([this] { run(); }) {}

Result<std::unique_ptr<FleetClient>> FleetClient::start(const config::Config& config) {
  if (config.collector.url.empty()) return std::unique_ptr<FleetClient>();
  auto client = sink::CollectorClient::create(collector_client_config(config.collector));
  if (!client.ok()) return tl::unexpected<Error>(client.error());
  return std::unique_ptr<FleetClient>(new FleetClient(config, std::move(*client)));
}

FleetClient::~FleetClient() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  client_->cancel();
  thread_.join();
}

bool FleetClient::take_arrival() {
  const std::lock_guard lock(mutex_);
  const bool key = std::exchange(key_arrived_, false);
  return std::exchange(arrived_, false) || key;
}

FleetClient::Refusal FleetClient::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

void FleetClient::settle(const std::string& group, int64_t version) {
  const std::lock_guard lock(mutex_);
  group_ = group;
  settled_ = version;
}

void FleetClient::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    renew_certificate();
    if (!has_asked_for_key_) ask_for_key();
    if (!config_.collector.policy_key.empty()) ask_for_policy();
    lock.lock();
    changed_.wait_for(lock, config_.collector.heartbeat_interval, [this] { return stopping_; });
  }
}

void FleetClient::ask_for_policy() {
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    if (arrived_) return;  // one after the other
    path = fmt::format("/api/v1/policy?have={}&group={}", settled_, group_);
  }
  const auto answer = client_->get(path);
  if (!answer.ok()) return report(policy_trouble_, answer.error().message, "policy");
  if (answer->status == kNothingNew || answer->status == kNotGiven) {
    return report(policy_trouble_, "", "policy");
  }
  const Json json = Json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !json.is_object() || !json.value("bundle", Json()).is_string() ||
      !json.value("signature", Json()).is_string()) {
    return report(policy_trouble_, fmt::format("the collector answers {}", answer->status),
                  "policy");
  }
  const config::SignedPolicy policy{json["bundle"], json["signature"]};
  const Status offered = store_.offer(policy);
  report(policy_trouble_, offered.ok() ? "" : offered.error().message, "policy");
  const std::lock_guard lock(mutex_);
  arrived_ = offered.ok();
  refusal_ = {};
  if (!offered.ok()) {
    refusal_ = {config::read_bundle(policy.bundle).value_or(config::PolicyBundle{}).version,
                offered.error().message};
  }
}

// Once, unless there is no answer: whoever exchanges the fleet's key restarts the agents.
void FleetClient::ask_for_key() {
  const auto answer = client_->get("/api/v1/fingerprint-key");
  if (!answer.ok()) return report(key_trouble_, answer.error().message, "fingerprint key");
  has_asked_for_key_ = true;
  if (answer->status == kNothingNew || answer->status == kNotGiven) return;
  const Json json = Json::parse(answer->body, nullptr, false);
  const bool given = json.is_object() && json.value("fingerprint_key", Json()).is_string();
  const auto kept =
      given ? keep_fleet_key(config_, json["fingerprint_key"].get<std::string>())
            : Result<bool>(fail(fmt::format("the collector answers {}", answer->status)));
  report(key_trouble_, kept.ok() ? "" : kept.error().message, "fingerprint key");
  if (!kept.ok() || !*kept) return;
  spdlog::info("fingerprints are made under the fleet's key from now on");
  const std::lock_guard lock(mutex_);
  key_arrived_ = true;
}

void FleetClient::renew_certificate() {
  if (config_.collector.cert.empty()) return;
  const auto facts = sink::read_certificate(config_.collector.cert);
  if (!facts.ok()) return report(renewal_trouble_, facts.error().message, "certificate");
  if (!sink::renewal_is_due(*facts, std::time(nullptr))) return;
  const Status renewed = sink::renew(*client_, {config_.collector.cert, config_.collector.key});
  if (!renewed.ok()) return report(renewal_trouble_, renewed.error().message, "certificate");
  report(renewal_trouble_, "", "certificate");
  spdlog::info("the agent's certificate has been renewed");
}

void FleetClient::report(std::string& last, const std::string& trouble, std::string_view what) {
  if (trouble == last) return;
  last = trouble;
  if (!trouble.empty()) {
    spdlog::warn("no new {} from the collector: {}; it is asked again", what, trouble);
  }
}

}  // namespace sonde::app
