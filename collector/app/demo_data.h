// A realistic data set to look at: hosts, applications, two weeks of alerts, four attacks among
// them, people's work on these. The same seed and time give the same data.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/base/result.h"
#include "collector/store/pool.h"

namespace sonde::collector {

// Everything goes the way that real records go: read as envelopes, stored, correlated. Fails where
// the store holds alerts already.
Status fill_demo(store::Pool& pool, uint64_t seed, int64_t now_ms);

// JSON: collector/portal/fixture/scenarios.json.
std::string_view demo_scenarios();

}  // namespace sonde::collector
