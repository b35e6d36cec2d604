// Alerts for tests.
#pragma once

#include <string>

#include "collector/store/alert.h"

namespace sonde::testing {

// An alert with every field set; `number` tells it from others (uid, time, evidence).
store::NewAlert sample_alert(int number);

// The same as the OCSF JSON that an agent sends.
std::string sample_ocsf(int number);
std::string sample_line(int number);  // as an envelope

inline constexpr int64_t kSampleTimeMs = 1'763'880'000'000;  // 2025-11-23T06:40:00Z

}  // namespace sonde::testing
