// sinks.targets: a key whose elements are mappings.
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

// For a list of mappings that stands in no file, such as in an environment variable: YAML too.
void read_mappings(std::string_view text, const std::string& origin, Problems& problems,
                   const std::function<void(const YAML::Node&, const ReportAt&)>& read);

std::string render_targets(const std::vector<TargetOutput>& targets);

}  // namespace sonde::config
