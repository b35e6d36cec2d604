#include "collector/incident/links.h"

#include <algorithm>
#include <array>

namespace sonde::incident {
namespace {

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kNoHub = 0;

struct Entry {
  std::string_view type;
  LinkRule rule;
};
constexpr auto kEntries = std::to_array<Entry>({
    {"conversation", {Strength::kStrong, 24 * kHour, kNoHub}},
    {"process", {Strength::kStrong, 6 * kHour, kNoHub}},
    {"process_tree", {Strength::kStrong, 6 * kHour, kNoHub}},
    {"secret", {Strength::kStrong, kLongestWindowMs, kNoHub}},
    {"url", {Strength::kStrong, 24 * kHour, kNoHub}},
    {"domain", {Strength::kStrong, 24 * kHour, 200}},
    {"container", {Strength::kPlace, kHour, 20}},
    {"pod", {Strength::kPlace, kHour, 20}},
    {"end_user", {Strength::kPerson, kHour, 20}},
    {"source_ip", {Strength::kPerson, kHour, 20}},
    {"tool", {Strength::kPlace, kHour / 4, 10}},
    {kHostApplication, {Strength::kPlace, kHour / 4, 10}},
    // Too common to say anything alone; host and application together are above.
    {"host", {Strength::kIgnored, 0, 0}},
    {"application", {Strength::kIgnored, 0, 0}},
    {"model", {Strength::kIgnored, 0, 0}},
    {"provider", {Strength::kIgnored, 0, 0}},
});

}  // namespace

size_t link_rank(std::string_view entity_type) {
  const auto* const entry = std::find_if(kEntries.begin(), kEntries.end(),
                                         [&](const Entry& e) { return e.type == entity_type; });
  return static_cast<size_t>(entry - kEntries.begin());
}

LinkRule link_rule(std::string_view entity_type) {
  for (const Entry& entry : kEntries) {
    if (entry.type == entity_type) return entry.rule;
  }
  // A type that a newer agent knows: careful, but not lost.
  return {Strength::kPlace, kHour, 20};
}

}  // namespace sonde::incident
