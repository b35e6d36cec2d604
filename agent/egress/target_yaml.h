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

// One line of YAML; the keys that are set.
std::string render_target(const TargetConfig& config);

}  // namespace sonde::egress
