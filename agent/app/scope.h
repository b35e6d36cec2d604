// Which processes the operator wants heard: the rules of capture.allow and capture.deny, of this
// host's configuration and of the collector's policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class Scope {
 public:
  explicit Scope(const config::Capture& config) { narrow(config); }

  // Others' rules too: only what all include is included.
  void narrow(const config::Capture& config) { rules_.push_back({config.allow, config.deny}); }

  // Deny is stronger than allow; where allow says nothing, everything is heard. A process is out
  // of scope before any of its bytes are parsed; a port is known only with the connection.
  bool includes(const llm::Process& process, const std::string& cgroup) const;
  bool includes(const llm::Network& network) const;
  // By namespace and labels of the pod, once they are known.
  bool includes(const std::optional<llm::Kubernetes>& pod) const;
  // Whether any rule asks about processes.
  bool judges_processes() const;

 private:
  struct Rules {
    config::ScopeRules allow;
    config::ScopeRules deny;
  };
  std::vector<Rules> rules_;
};

}  // namespace sonde::app
