#include "agent/app/scope.h"

#include <algorithm>
#include <charconv>

#include <fnmatch.h>

namespace sonde::app {
namespace {

bool matches(const std::vector<std::string>& globs, const std::string& text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return fnmatch(glob.c_str(), text.c_str(), 0) == 0;
  });
}

// "key=value" or a key alone.
bool matches_label(const config::ScopeRules& rules, const llm::Kubernetes& pod) {
  return std::any_of(pod.labels.begin(), pod.labels.end(), [&](const auto& label) {
    return matches(rules.pod_labels, label.first) ||
           matches(rules.pod_labels, label.first + "=" + label.second);
  });
}

bool matches_uid(const config::ScopeRules& rules, uint32_t uid) {
  return std::find(rules.uids.begin(), rules.uids.end(), uid) != rules.uids.end();
}

// The port of "192.0.2.1:443" or "[2001:db8::1]:443"; 0: not known.
uint32_t port_of(std::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return 0;
  uint32_t port = 0;
  std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
  return port;
}

bool matches_port(const config::ScopeRules& rules, const llm::Network& network) {
  return std::any_of(rules.ports.begin(), rules.ports.end(), [&](uint32_t port) {
    return port == port_of(network.local) || port == port_of(network.peer);
  });
}

}  // namespace

bool Scope::includes(const llm::Process& process, const std::string& cgroup) const {
  if (matches(deny_.exes, process.exe) || matches_uid(deny_, process.uid) ||
      matches(deny_.cgroups, cgroup)) {
    return false;
  }
  if (!allow_.exes.empty() && !matches(allow_.exes, process.exe)) return false;
  if (!allow_.cgroups.empty() && !matches(allow_.cgroups, cgroup)) return false;
  return allow_.uids.empty() || matches_uid(allow_, process.uid);
}

bool Scope::includes(const std::optional<llm::Kubernetes>& pod) const {
  if (!pod) return allow_.namespaces.empty() && allow_.pod_labels.empty();
  if (matches(deny_.namespaces, pod->namespace_name) || matches_label(deny_, *pod)) return false;
  if (!allow_.namespaces.empty() && !matches(allow_.namespaces, pod->namespace_name)) return false;
  return allow_.pod_labels.empty() || matches_label(allow_, *pod);
}

bool Scope::judges_processes() const {
  const auto asks = [](const config::ScopeRules& rules) {
    return !rules.exes.empty() || !rules.uids.empty() || !rules.cgroups.empty();
  };
  return asks(allow_) || asks(deny_);
}

bool Scope::includes(const llm::Network& network) const {
  if (matches_port(deny_, network)) return false;
  return allow_.ports.empty() || matches_port(allow_, network);
}

}  // namespace sonde::app
