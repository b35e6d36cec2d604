#include "collector/api/metrics.h"

#include <fmt/format.h>

#include "agent/base/open_metrics.h"

namespace sonde::api {
namespace {

struct Description {
  std::string_view name;
  std::string_view help;
};
constexpr auto kDescriptions = std::to_array<Description>({
#define SONDE_DESCRIBE(name, metric, help) {metric, help},
    SONDE_COLLECTOR_COUNTERS(SONDE_DESCRIBE)
#undef SONDE_DESCRIBE
});

}  // namespace

std::string Metrics::render() const {
  std::string text;
  for (size_t i = 0; i < kDescriptions.size(); ++i) {
    const auto& [name, help] = kDescriptions[i];
    append_counter(fmt::format("sonde_collector_{}", name), help,
                   values_[i].load(std::memory_order_relaxed), text);
  }
  return text;
}

}  // namespace sonde::api
