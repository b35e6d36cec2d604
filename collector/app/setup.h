// The first start: everything a new collector needs before people and agents can reach it.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

struct SetupRequest {
  std::string admin = "admin";
  std::vector<std::string> agents;  // ids to make enrolment tokens for
  bool json = false;                // one JSON object instead of text
};

// Makes authority, certificate and store where they are missing, an administrator with a one-time
// password where there is no user yet, and an enrolment token for each agent; prints what was made.
// May be repeated.
Status set_up(const Config& config, const SetupRequest& request);

}  // namespace sonde::collector
