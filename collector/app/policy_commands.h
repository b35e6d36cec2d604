// The administrator's commands for fleet policy. They work on the store directly, like commands.h;
// agents ask for what changed with their next heartbeat.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

struct PolicyRequest {
  std::string file;
  std::string group = "default";
  std::string comment;
  int64_t version = 0;
  int64_t percent = 0;
  std::vector<std::string> agents;
};

// Each problem with its line, as the error.
Status policy_check(const PolicyRequest& request);
Status policy_publish(const Config& config, const PolicyRequest& request);
Status policy_list(const Config& config, const PolicyRequest& request);
// The version, and of each agent of its group which one runs.
Status policy_show(const Config& config, const PolicyRequest& request);
Status policy_roll_out(const Config& config, const PolicyRequest& request);
// An older text as a new version for the whole group.
Status policy_roll_back(const Config& config, const PolicyRequest& request);

}  // namespace sonde::collector
