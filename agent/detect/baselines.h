// What is usual: volume, tools and sensitive data of each application, and who uses which model.
// Bounded: the application that was silent for longest is forgotten first, and every list in it has
// an end. Holds names of programs, tools and data types, numbers and keyed fingerprints, no text.
//
// Owned by an engine; not thread-safe. Time is that of the exchanges.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/base/time.h"
#include "agent/detect/lru_map.h"

namespace sonde::detect {

// Exponentially weighted mean and variance of an amount per hour.
struct HourlyRate {
  float mean = 0;
  float variance = 0;
  uint32_t hours = 0;

  void learn(double amount);
  double limit(double times_mean, double deviations) const;
};

// An amount that is summed up by the hour, and what is usual: in this hour of the week once three
// weeks are known, in this hour of the day after three days, else over all hours.
class SeasonalRate {
 public:
  static constexpr size_t kHoursOfWeek = 168;
  static constexpr uint32_t kWarmUpHours = 24;  // with traffic

  // Adds to the current hour; an earlier hour than the current one counts as the current one.
  void add(WallTime time, double amount);
  double current() const { return amount_; }
  // What to compare the current hour with; null while warming up.
  const HourlyRate* usual() const;
  // Has the current hour been told of already? Sets it.
  bool tell() { return !std::exchange(told_, true); }

 private:
  friend class BaselineFile;
  void close_hour();

  int64_t hour_ = 0;  // since 1970; 0: none yet
  double amount_ = 0;
  bool told_ = false;
  HourlyRate overall_;
  std::array<HourlyRate, 24> by_day_{};
  std::array<HourlyRate, kHoursOfWeek> by_week_{};
};

struct ToolHabit {
  static constexpr size_t kArguments = 32;
  uint64_t calls = 0;
  std::set<std::string, std::less<>> arguments;  // names; kArguments: no habit
};

// Sensitive data of one type in an application's answers.
struct SensitiveHabit {
  uint64_t answers = 0;
  SeasonalRate rate;
};

struct ApplicationBaseline {
  static constexpr size_t kTools = 64;  // more: an application without habits
  static constexpr size_t kTypes = 64;

  SeasonalRate tokens;
  uint64_t tool_calls = 0;
  std::map<std::string, ToolHabit, std::less<>> tools;
  WallTime answers_since;
  uint64_t answers = 0;
  std::map<std::string, SensitiveHabit, std::less<>> sensitive;
};

struct ModelBaseline {
  static constexpr size_t kPrincipals = 64;
  WallTime since;
  uint64_t exchanges = 0;
  std::set<std::string> principals;
};

struct Baselines {
  static constexpr size_t kApplications = 512;
  static constexpr size_t kModels = 1024;
  static constexpr size_t kKeys = 4096;

  LruMap<ApplicationBaseline> applications{kApplications};
  LruMap<ModelBaseline> models{kModels};
  LruMap<std::set<std::string>> keys{kKeys};  // applications by fingerprint of their API key

  // As text: a line that names the version and the SHA-256 of the rest, then a line of JSON for
  // each entry, the one used last first.
  std::string serialise() const;
  // Replaces all. A text of another version, cut or changed is an error, and nothing is replaced.
  Status restore(std::string_view text);
};

}  // namespace sonde::detect
