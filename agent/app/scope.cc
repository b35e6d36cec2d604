#include "agent/app/scope.h"

#include <algorithm>
#include <charconv>

#include <fnmatch.h>

namespace sonde::app {
namespace {

bool matches_exe(const config::ScopeRules& rules, const std::string& exe) {
  return std::any_of(rules.exes.begin(), rules.exes.end(), [&](const std::string& glob) {
    return fnmatch(glob.c_str(), exe.c_str(), 0) == 0;
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

bool Scope::includes(const llm::Process& process) const {
  if (matches_exe(deny_, process.exe) || matches_uid(deny_, process.uid)) return false;
  if (!allow_.exes.empty() && !matches_exe(allow_, process.exe)) return false;
  return allow_.uids.empty() || matches_uid(allow_, process.uid);
}

bool Scope::judges_processes() const {
  return !allow_.exes.empty() || !allow_.uids.empty() || !deny_.exes.empty() || !deny_.uids.empty();
}

bool Scope::includes(const llm::Network& network) const {
  if (matches_port(deny_, network)) return false;
  return allow_.ports.empty() || matches_port(allow_, network);
}

}  // namespace sonde::app
