#include "collector/store/alert.h"

#include <array>
#include <utility>

namespace sonde::store {
namespace {

constexpr auto kStatuses = std::to_array<std::pair<WorkStatus, std::string_view>>({
    {WorkStatus::kNew, "new"},
    {WorkStatus::kInProgress, "in_progress"},
    {WorkStatus::kResolved, "resolved"},
    {WorkStatus::kSuppressed, "suppressed"},
});
constexpr auto kSeverities = std::to_array<std::pair<Severity, std::string_view>>({
    {Severity::kUnknown, "unknown"},
    {Severity::kInformational, "informational"},
    {Severity::kLow, "low"},
    {Severity::kMedium, "medium"},
    {Severity::kHigh, "high"},
    {Severity::kCritical, "critical"},
    {Severity::kFatal, "fatal"},
});

template <typename Table, typename Key>
std::string_view name_of(const Table& table, Key key) {
  for (const auto& [value, name] : table) {
    if (value == key) return name;
  }
  return table.front().second;
}

template <typename Key, size_t kSize>
std::optional<Key> key_of(const std::array<std::pair<Key, std::string_view>, kSize>& table,
                          std::string_view text) {
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(WorkStatus status) { return name_of(kStatuses, status); }
std::string_view to_string(Severity severity) { return name_of(kSeverities, severity); }
std::optional<WorkStatus> status_from(std::string_view text) { return key_of(kStatuses, text); }
std::optional<Severity> severity_from(std::string_view text) { return key_of(kSeverities, text); }

bool is_classification(std::string_view text) {
  return text == "true_positive" || text == "false_positive" || text == "benign";
}

}  // namespace sonde::store
