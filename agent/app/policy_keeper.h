// Which configuration holds: this host's own, under the policy of the collector that has been
// accepted. Of the main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/alert/records.h"
#include "agent/app/policy_store.h"
#include "agent/base/result.h"
#include "agent/config/config.h"

namespace sonde::app {

class PolicyKeeper {
 public:
  // Builds what the agent needs of a configuration and keeps it, or says why that is impossible.
  using Attempt = std::function<Status(const config::Config& under)>;

  // Calls `attempt` with `local` as it is under the policy that waits, if one does: it holds from
  // now on where the attempt succeeds. Else, and where it fails, under the policy that holds; a
  // policy that does not count any more is left aside. Fails where `local` itself is impossible.
  Status apply(const config::Config& local, const Attempt& attempt);

  // What the heartbeat tells.
  const alert::PolicyState& state() const { return state_; }
  // The policy that has been tried last, whatever came of it.
  struct Tried {
    std::string group;
    int64_t version = 0;
  };
  const Tried& tried() const { return tried_; }

 private:
  Status apply_current(const config::Config& local, const PolicyStore& store,
                       const Attempt& attempt);
  void hold(const std::optional<HeldPolicy>& held);
  void refuse(const config::PolicyBundle& bundle, const std::string& reason);

  Tried tried_;
  alert::PolicyState state_;
};

}  // namespace sonde::app
