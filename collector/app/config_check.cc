#include "collector/app/config_check.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "agent/config/problems.h"
#include "agent/config/trust.h"
#include "agent/egress/target_config.h"

namespace sonde::collector {
namespace {

using config::check_secret;
using config::Problems;

constexpr std::string_view kPrefix = "SONDE_COLLECTOR_";

bool is_ip_address(const std::string& address) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return ::inet_pton(AF_INET, address.c_str(), parsed.data()) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), parsed.data()) == 1;
}

void check_secrets(const Config& config, Problems& problems) {
  check_secret("tls.key", config.tls_key, problems);
  check_secret("tls.client_ca_key", config.tls_client_ca_key, problems);
  check_secret("policy.signing_key", config.policy_signing_key, problems);
  check_secret("fleet.fingerprint_key", config.fleet_fingerprint_key, problems);
  check_secret("oidc.client_secret_file", config.oidc_client_secret_file, problems);
}

// Makes each target as the daemon would; none of them connects before there is something to send.
void check_exports(const Config& config, Problems& problems) {
  for (const exporting::ExportConfig& entry : config.exports) {
    const std::string place =
        entry.place.empty() ? fmt::format("export '{}'", entry.name()) : entry.place;
    check_secret(place, entry.target.secret_file, problems);
    const auto target = egress::make_target(entry.target, {"sonde-collector", SONDE_VERSION});
    if (!target.ok()) {
      problems.add(fmt::format("{}: export '{}': {}", place, entry.name(), target.error().message));
    }
  }
}

}  // namespace

Result<ListenAddress> parse_listen(const std::string& listen) {
  ListenAddress parsed;
  const size_t colon = listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  const char* const last = port.data() + port.size();
  const auto [end, error] = std::from_chars(port.data(), last, parsed.port);
  if (port.empty() || error != std::errc() || end != last) {
    return fail(fmt::format("listen: '{}' is not ADDRESS:PORT", listen));
  }
  parsed.address = listen.substr(0, colon);
  if (parsed.address.starts_with('[') && parsed.address.ends_with(']')) {
    parsed.address = parsed.address.substr(1, parsed.address.size() - 2);
  }
  if (!is_ip_address(parsed.address)) {
    return fail(fmt::format("listen: '{}' is no IP address", parsed.address));
  }
  return parsed;
}

Status check_config(const std::string& path, const Config& config) {
  Problems problems;
  if (!path.empty()) config::check_trusted(path, problems);
  if (const auto listen = parse_listen(config.listen); !listen.ok()) {
    problems.add(path.empty() ? listen.error().message
                              : fmt::format("{}: {}", path, listen.error().message));
  }
  check_secrets(config, problems);
  check_exports(config, problems);
  if (problems.empty()) return {};
  return fail(problems.text());
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& names) {
  constexpr std::array<std::string_view, 8> kOfTheAgent = {
      "URL", "CA", "CERT", "KEY", "TOKEN_FILE", "ACTIVITY", "HEARTBEAT_SECONDS", "POLICY_KEY"};
  const std::vector<std::string> known = variable_names();
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string_view rest = std::string_view(name).substr(kPrefix.size());
    const bool service =
        rest.starts_with("SERVICE_") || rest == "PORT" || rest.starts_with("PORT_");
    const bool agents =
        std::find(kOfTheAgent.begin(), kOfTheAgent.end(), rest) != kOfTheAgent.end();
    if (service || agents || std::find(known.begin(), known.end(), name) != known.end()) continue;
    unknown.push_back(name);
  }
  return unknown;
}

}  // namespace sonde::collector
