// detect.judges: a key whose elements are mappings.
#pragma once

#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/targets.h"

namespace sonde::config {

// Replaces `judges` by what the list says; what is wrong is reported at its place.
void read_judges(const YAML::Node& list, std::vector<RemoteJudge>& judges, const ReportAt& report);

// One line of YAML; of each judge what differs from the default.
std::string render_judges(const std::vector<RemoteJudge>& judges);

}  // namespace sonde::config
