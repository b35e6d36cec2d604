// What the administrator's commands share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "collector/app/config.h"
#include "collector/store/pool.h"

namespace sonde::collector {

int64_t wall_ms();
// "2026-11-23 07:00:00Z", or "never" for 0.
std::string when(int64_t time_ms);
Result<std::unique_ptr<store::Pool>> open_store(const Config& config);
// "local:UID": who gives the command.
std::string local_actor();
// That somebody did `action` to `object` from the command line.
Status audit(store::Pool& pool, const std::string& action, const std::string& object);

}  // namespace sonde::collector
