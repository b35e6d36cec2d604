// `sonde-collector demo`: a collector with data to look at.
#pragma once

#include <cstdint>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

struct DemoRequest {
  uint64_t seed = 1;
  bool fill_only = false;  // fill the configured store, which must be empty, and end
};

// Serves from a folder of its own that is gone afterwards, with users whose passwords it prints.
Status run_demo(const Config& config, const DemoRequest& request);

}  // namespace sonde::collector
