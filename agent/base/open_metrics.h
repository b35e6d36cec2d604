// OpenMetrics 1.0 text: what a monitoring system reads of agent and collector.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde {

inline constexpr std::string_view kOpenMetricsType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

// One value that goes up and down, or a counter that is not of counters.h. Entries of one name
// stand together.
struct Metric {
  enum class Type : uint8_t { kGauge, kCounter, kInfo };

  Type type = Type::kGauge;
  std::string name;  // without "_total" or "_info"
  std::string help;
  double value = 0;  // ignored for kInfo
  std::vector<std::pair<std::string, std::string>> labels;
};

// A counter without labels: `name` goes without "_total".
void append_counter(std::string_view name, std::string_view help, uint64_t value, std::string& out);

void append_metrics(std::span<const Metric> metrics, std::string& out);

// Memory, CPU time, file descriptors and start time of this process, under the names that
// Prometheus clients use (process_resident_memory_bytes...), and PROGRAM_build_info.
std::vector<Metric> process_metrics(std::string_view program, const std::string& version);

}  // namespace sonde
