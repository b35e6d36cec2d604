// The key that signs policies for agents.
#pragma once

#include <string>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

// As PEM: made on the first start where none is configured. Replicas on one PostgreSQL must share
// it, so that there none is made, and "" says that there are no policies without one.
Result<std::string> policy_signing_key(const Config& config);

}  // namespace sonde::collector
