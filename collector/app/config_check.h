// What is wrong with a configuration beyond its own words: where it exports to, and what the
// environment holds. The daemon refuses to start for the same reasons.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

// Makes each target of `exports` as the daemon would; none of them connects before there is
// something to send. The error names everything that is wrong, each on a line.
Status check_exports(const Config& config);

// Variables of the environment that begin with SONDE_COLLECTOR_ and are no key, such as a misspelt
// one. Those that Kubernetes makes for a service of this name and those of the agent's own keys do
// not count.
std::vector<std::string> unknown_variables(const std::vector<std::string>& names);

}  // namespace sonde::collector
