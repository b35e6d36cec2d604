#include "collector/app/config_check.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "agent/config/problems.h"
#include "agent/config/trust.h"
#include "agent/egress/target_config.h"

namespace sonde::collector {
namespace {

using config::check_secret;
using config::Problems;

constexpr std::string_view kPrefix = "SONDE_COLLECTOR_";

}  // namespace

Status check_exports(const Config& config) {
  Problems problems;
  for (const exporting::ExportConfig& entry : config.exports) {
    const std::string place =
        entry.place.empty() ? fmt::format("export '{}'", entry.name()) : entry.place;
    check_secret(place, entry.target.secret_file, problems);
    const auto target = egress::make_target(entry.target, {"sonde-collector", SONDE_VERSION});
    if (!target.ok()) {
      problems.add(fmt::format("{}: export '{}': {}", place, entry.name(), target.error().message));
    }
  }
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
