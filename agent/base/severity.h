// How much an alert or an incident matters: severity_id of OCSF 1.x.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde {

enum class Severity : int64_t {
  kUnknown = 0,
  kInformational = 1,
  kLow = 2,
  kMedium = 3,
  kHigh = 4,
  kCritical = 5,
  kFatal = 6,
};

// In the order of the enumeration; also those of the API and of configurations.
inline constexpr std::array<std::string_view, 7> kSeverityNames = {
    "unknown", "informational", "low", "medium", "high", "critical", "fatal"};

constexpr std::string_view to_string(Severity severity) {
  const auto index = static_cast<size_t>(severity);
  return kSeverityNames[index < kSeverityNames.size() ? index : 0];
}

}  // namespace sonde
