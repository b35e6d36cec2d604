// Hourly counts of alerts by dimension, kept beside the alerts so that an overview of ten million
// alerts reads a few thousand rows.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"
#include "collector/store/pool.h"

namespace sonde::store {

inline constexpr int64_t kHourMs = 3'600'000;

// Collects differences of one transaction, then writes each once.
class CountChanges {
 public:
  void add(int64_t time_ms, std::string_view alert, Severity severity, WorkStatus status,
           std::string_view application, std::string_view model, std::string_view host,
           int64_t amount);
  Status write(sql::Connection& connection) const;

 private:
  void add(int64_t hour, std::string_view dimension, std::string_view name, int64_t amount);
  std::map<std::tuple<int64_t, std::string_view, std::string>, int64_t> amounts_;
};

struct NamedCount {
  std::string name;
  int64_t amount = 0;
};
struct HourCount {
  int64_t hour_ms = 0;
  std::string name;
  int64_t amount = 0;
};

// Over whole hours from `since_ms` (rounded down) to `until_ms` (rounded up). Dimensions: severity,
// alert, application, model, host (suppressed alerts left out), status (all).
Result<std::vector<NamedCount>> count_by(Pool& pool, std::string_view dimension, int64_t since_ms,
                                         int64_t until_ms, size_t limit);
Result<std::vector<HourCount>> severity_by_hour(Pool& pool, int64_t since_ms, int64_t until_ms);

}  // namespace sonde::store
