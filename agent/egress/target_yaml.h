// A target as YAML, for the configurations of agent and collector.
#pragma once

#include <string>

#include "agent/egress/target_config.h"

namespace YAML {
class Node;
}

namespace sonde::egress {

// Takes one key of a target's mapping. What is wrong with the value, or "" and it is taken;
// `unknown` is set where no target has such a key.
std::string assign_target(const std::string& key, const YAML::Node& value, TargetConfig& config,
                          bool& unknown);

// One line of YAML: the keys that are set, and `more` of a program's own. Properties are named
// without their values, which may be passwords.
std::string render_target(const TargetConfig& config,
                          const std::map<std::string, std::string>& more = {});

}  // namespace sonde::egress
