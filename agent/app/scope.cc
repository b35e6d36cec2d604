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

bool includes_process(const config::ScopeRules& allow, const config::ScopeRules& deny,
                      const llm::Process& process, const std::string& cgroup) {
  if (matches(deny.exes, process.exe) || matches_uid(deny, process.uid) ||
      matches(deny.cgroups, cgroup)) {
    return false;
  }
  if (!allow.exes.empty() && !matches(allow.exes, process.exe)) return false;
  if (!allow.cgroups.empty() && !matches(allow.cgroups, cgroup)) return false;
  return allow.uids.empty() || matches_uid(allow, process.uid);
}

bool includes_pod(const config::ScopeRules& allow, const config::ScopeRules& deny,
                  const std::optional<llm::Kubernetes>& pod) {
  if (!pod) return allow.namespaces.empty() && allow.pod_labels.empty();
  if (matches(deny.namespaces, pod->namespace_name) || matches_label(deny, *pod)) return false;
  if (!allow.namespaces.empty() && !matches(allow.namespaces, pod->namespace_name)) return false;
  return allow.pod_labels.empty() || matches_label(allow, *pod);
}

bool asks_about_processes(const config::ScopeRules& rules) {
  return !rules.exes.empty() || !rules.uids.empty() || !rules.cgroups.empty();
}

}  // namespace

bool Scope::includes(const llm::Process& process, const std::string& cgroup) const {
  return std::all_of(rules_.begin(), rules_.end(), [&](const Rules& rules) {
    return includes_process(rules.allow, rules.deny, process, cgroup);
  });
}

bool Scope::includes(const std::optional<llm::Kubernetes>& pod) const {
  return std::all_of(rules_.begin(), rules_.end(), [&](const Rules& rules) {
    return includes_pod(rules.allow, rules.deny, pod);
  });
}

bool Scope::includes(const llm::Network& network) const {
  return std::all_of(rules_.begin(), rules_.end(), [&](const Rules& rules) {
    return !matches_port(rules.deny, network) &&
           (rules.allow.ports.empty() || matches_port(rules.allow, network));
  });
}

bool Scope::judges_processes() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const Rules& rules) {
    return asks_about_processes(rules.allow) || asks_about_processes(rules.deny);
  });
}

}  // namespace sonde::app
