// What people did with the alerts of the demonstration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "agent/base/result.h"
#include "collector/store/pool.h"

namespace sonde::collector {

// Most of what is older than half a day is dealt with; an incident of one alert is resolved with
// it.
Status work_on_alerts(store::Pool& pool, int64_t now_ms);

// As each story says of itself; `uids` holds the first alert of each, by which its incident is
// found.
Status work_on_stories(store::Pool& pool, const nlohmann::json& stories,
                       const std::vector<std::string>& uids, int64_t now_ms);

}  // namespace sonde::collector
