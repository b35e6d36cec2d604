// sinks.targets: the one key whose elements are mappings.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/problems.h"

namespace YAML {
class Node;
}

namespace sonde::config {

using ReportAt = std::function<void(const YAML::Node&, const std::string& problem)>;

// Replaces `targets` by what the list says; what is wrong is reported at its place.
void read_targets(const YAML::Node& list, std::vector<TargetOutput>& targets,
                  const ReportAt& report);

// The same for a text that is no file, such as an environment variable: YAML too.
void read_targets(std::string_view text, const std::string& origin,
                  std::vector<TargetOutput>& targets, Problems& problems);

std::string render_targets(const std::vector<TargetOutput>& targets);

}  // namespace sonde::config
