// The policy of the collector on this host: the one that holds, kept over restarts, and one that
// has arrived and has not been tried. Files of the state directory: policy.json, policy.next.json,
// policy/VERSION/NAME. One thread at a time.
#pragma once

#include <optional>
#include <string>

#include "agent/base/result.h"
#include "agent/config/policy.h"

namespace sonde::app {

struct HeldPolicy {
  config::PolicyBundle bundle;
  config::Policy policy;
  std::string directory;  // of its files
};

class PolicyStore {
 public:
  // `key_file` holds the public key that signs.
  PolicyStore(std::string state_directory, std::string key_file)
      : directory_(std::move(state_directory)), key_file_(std::move(key_file)) {}

  // The policy that holds; nullopt: none. An error says why what lies there does not count.
  Result<std::optional<HeldPolicy>> current() const { return load("/policy.json"); }
  // The one that waits to be tried.
  Result<std::optional<HeldPolicy>> candidate() const { return load("/policy.next.json"); }

  // What the one that waits says of itself, where candidate() fails: for the report.
  config::PolicyBundle candidate_claims() const;

  // Verifies, and keeps as candidate. A version older than the one that holds is refused, so that
  // nobody can play back what was withdrawn.
  Status offer(const config::SignedPolicy& policy);
  // The candidate holds from now on; or it is forgotten.
  Status accept();
  void reject();

 private:
  Result<std::optional<HeldPolicy>> load(const char* file) const;

  const std::string directory_;
  const std::string key_file_;
};

}  // namespace sonde::app
