#include "agent/app/identity/identity_resolver.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "agent/app/identity/identity_json.h"
#include "agent/base/json_record.h"

namespace sonde::app {
namespace {

constexpr size_t kMaxQueue = 4096;
constexpr size_t kMaxKnown = 8192;
constexpr std::chrono::seconds kRefreshInterval{1};
constexpr std::chrono::seconds kAfterFailure{10};
constexpr std::chrono::seconds kRetryInterval{5};  // of answers that are not complete
constexpr std::chrono::minutes kFresh{5};          // labels can change
constexpr int kMaxAttempts = 12;

}  // namespace

IdentityResolver::IdentityResolver(const IdentityOptions& options, Counters& counters,
                                   RecordSink sink)
    : finder_(options.host_root), counters_(counters), sink_(std::move(sink)) {}

IdentityResolver::~IdentityResolver() { stop(); }

Result<std::unique_ptr<IdentityResolver>> IdentityResolver::start(const IdentityOptions& options,
                                                                  Counters& counters,
                                                                  RecordSink sink) {
  std::unique_ptr<IdentityResolver> resolver(
      new IdentityResolver(options, counters, std::move(sink)));
  if (!options.kubernetes.kubelet.empty()) {
    auto kubelet = KubeletClient::create(options.kubernetes);
    if (!kubelet.ok()) return tl::unexpected(kubelet.error());
    resolver->kubelet_ = std::move(*kubelet);
  }
  resolver->thread_ =
      std::jthread([raw = resolver.get()](const std::stop_token& stop) { raw->run(stop); });
  return resolver;
}

void IdentityResolver::stop() {
  thread_.request_stop();
  if (kubelet_) kubelet_->cancel();
  if (thread_.joinable()) thread_.join();
}

void IdentityResolver::note(const attach::CgroupMembership& membership) {
  std::string json;
  {
    const std::scoped_lock lock(mutex_);
    const auto known = known_.find(membership.path);
    if (known != known_.end()) json = known->second.json;
    const bool fresh = !json.empty() && Clock::now() < known->second.answered + kFresh;
    if (!fresh) {
      if (queue_.size() < kMaxQueue) {
        queue_.push_back(membership);
        noted_.notify_one();
      } else {
        counters_.add(Count::kCgroupsNotAsked);
        json = identity_to_json(membership.path, {});
      }
    }
  }
  if (!json.empty()) sink_(json_record(sonde_container_record{}, SONDE_RECORD_CONTAINER, 0, json));
}

void IdentityResolver::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) resolve(next_batch(stop), stop);
  std::vector<attach::CgroupMembership> rest;
  {
    const std::scoped_lock lock(mutex_);
    rest.assign(queue_.begin(), queue_.end());
    queue_.clear();
  }
  resolve(std::move(rest), stop);
}

// Waits for questions; after a while takes those whose answer was not complete.
std::vector<attach::CgroupMembership> IdentityResolver::next_batch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  noted_.wait_for(lock, stop, kRetryInterval, [this] { return !queue_.empty(); });
  std::vector<attach::CgroupMembership> batch(queue_.begin(), queue_.end());
  queue_.clear();
  if (!batch.empty() || stop.stop_requested()) return batch;
  const auto due = Clock::now() - kRetryInterval;
  for (const auto& [path, known] : known_) {
    if (!known.complete && known.attempts < kMaxAttempts && known.answered < due)
      batch.push_back(known.membership);
  }
  return batch;
}

// Whether the kubelet may know more: a pod's cgroup, or a container of a pod by its annotations.
bool IdentityResolver::asks_kubelet(const Question& question) const {
  return kubelet_ && (question.identity.kubernetes || !question.membership.pod_uid.empty() ||
                      question.membership.path.find("kubepods") != std::string::npos);
}

// First what needs no answer from outside: nobody waits for the kubelet but those of a new pod.
void IdentityResolver::resolve(std::vector<attach::CgroupMembership> batch,
                               const std::stop_token& stop) {
  if (Clock::now() > pods_read_ + kFresh) pods_ = {};
  std::vector<Question> unknown;
  for (attach::CgroupMembership& membership : batch) {
    Question question{std::move(membership), {}};
    question.identity = finder_.find(question.membership);
    if (!asks_kubelet(question) || pods_.complete(question.membership, question.identity)) {
      answer(question, true);
    } else {
      unknown.push_back(std::move(question));
    }
  }
  if (unknown.empty()) return;
  refresh(stop);
  for (Question& question : unknown) {
    const bool complete = pods_.complete(question.membership, question.identity);
    answer(question, complete);
  }
}

void IdentityResolver::refresh(const std::stop_token& stop) {
  {
    std::unique_lock lock(mutex_);
    const auto allowed = next_refresh_;
    // After a failure nobody waits: the answer comes with the next try.
    if (kubelet_failing_ && Clock::now() < allowed) return;
    noted_.wait_until(lock, stop, allowed, [] { return false; });
  }
  if (stop.stop_requested()) return;
  auto body = kubelet_->pods();
  auto list = body.ok() ? PodList::parse(*body) : Result<PodList>(tl::unexpected(body.error()));
  if (list.ok()) {
    pods_ = std::move(*list);
    pods_read_ = Clock::now();
    if (kubelet_failing_) spdlog::info("the kubelet answers again");
  } else {
    counters_.add(Count::kKubeletFailed);
    if (!kubelet_failing_ && !stop.stop_requested())
      spdlog::warn("pods have no labels until the kubelet answers: {}", list.error().message);
  }
  kubelet_failing_ = !list.ok();
  next_refresh_ = Clock::now() + (list.ok() ? kRefreshInterval : kAfterFailure);
}

void IdentityResolver::answer(const Question& question, bool complete) {
  std::string json = identity_to_json(question.membership.path, question.identity);
  const auto record = json_record(sonde_container_record{}, SONDE_RECORD_CONTAINER, 0, json);
  {
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= kMaxKnown && !known_.contains(question.membership.path)) known_.clear();
    Known& known = known_[question.membership.path];
    if (known.complete && !complete) return;  // what was known stays
    known.membership = question.membership;
    known.json = std::move(json);
    known.answered = Clock::now();
    known.complete = complete;
    ++known.attempts;
  }
  sink_(record);
}

}  // namespace sonde::app
