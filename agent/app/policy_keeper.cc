#include "agent/app/policy_keeper.h"

#include <spdlog/spdlog.h>

namespace sonde::app {
namespace {

constexpr size_t kReasonBytes = 1024;  // of a refused policy, in the heartbeat

config::Config under(const config::Config& local, const HeldPolicy& held) {
  return config::under_policy(local, held.policy, held.directory);
}

// "rules:1: 'title' is missing": where the policy's files lie on this host says nothing to its
// author.
std::string reason_of(const Error& error, const Result<std::optional<HeldPolicy>>& candidate) {
  std::string reason = error.message;
  if (!candidate.ok() || !*candidate) return reason;
  const std::string folder = (*candidate)->directory + "/";
  for (size_t at = reason.find(folder); at != reason.npos; at = reason.find(folder, at)) {
    reason.erase(at, folder.size());
  }
  return reason;
}

}  // namespace

Status PolicyKeeper::apply(const config::Config& local, const Attempt& attempt) {
  if (local.collector.policy_key.empty()) {
    hold(std::nullopt);
    return attempt(local);
  }
  PolicyStore store(local.state_directory, local.collector.policy_key);
  const auto candidate = store.candidate();
  if (candidate.ok() && !*candidate) return apply_current(local, store, attempt);
  Status tried = candidate.ok() ? attempt(under(local, **candidate))
                                : Status(tl::unexpected(candidate.error()));
  if (tried.ok()) tried = store.accept();
  if (tried.ok()) {
    state_.refused_version = 0;
    state_.refused_because.clear();
    hold(*candidate);
    spdlog::info("policy {} of group '{}' holds", state_.version, state_.group);
    return {};
  }
  refuse(candidate.ok() ? (*candidate)->bundle : store.candidate_claims(),
         reason_of(tried.error(), candidate));
  store.reject();
  const Tried refused = tried_;
  Status applied = apply_current(local, store, attempt);
  tried_ = refused;
  return applied;
}

Status PolicyKeeper::apply_current(const config::Config& local, const PolicyStore& store,
                                   const Attempt& attempt) {
  const auto held = store.current();
  std::string trouble = held.ok() ? "" : held.error().message;
  if (held.ok() && *held) {
    const Status tried = attempt(under(local, **held));
    if (tried.ok()) {
      hold(*held);
      return {};
    }
    trouble = tried.error().message;
  }
  if (!trouble.empty()) spdlog::error("the collector's policy is left aside: {}", trouble);
  hold(std::nullopt);
  return attempt(local);
}

void PolicyKeeper::hold(const std::optional<HeldPolicy>& held) {
  state_.group = held ? held->bundle.group : "";
  state_.version = held ? held->bundle.version : 0;
  tried_ = {state_.group, state_.version};
}

void PolicyKeeper::refuse(const config::PolicyBundle& bundle, const std::string& reason) {
  tried_ = {bundle.group, bundle.version};
  state_.refused_version = bundle.version;
  state_.refused_because = reason.substr(0, kReasonBytes);
  spdlog::error("policy {} is refused, the old one stays: {}", bundle.version, reason);
}

}  // namespace sonde::app
