// What the collector keeps of an alert beside the alert itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::store {

enum class WorkStatus : int64_t { kNew = 0, kInProgress = 1, kResolved = 2, kSuppressed = 3 };

// OCSF 1.x severity_id.
enum class Severity : int64_t {
  kUnknown = 0,
  kInformational = 1,
  kLow = 2,
  kMedium = 3,
  kHigh = 4,
  kCritical = 5,
  kFatal = 6,
};

std::string_view to_string(WorkStatus status);
std::string_view to_string(Severity severity);
std::optional<WorkStatus> status_from(std::string_view text);
std::optional<Severity> severity_from(std::string_view text);
bool is_classification(std::string_view text);

// Something that two alerts can share: {"host", "web-1"}, {"conversation", "..."}.
struct Entity {
  std::string type;
  std::string value;
  auto operator<=>(const Entity&) const = default;
};

// [["host","web-1"],...]; and back, leaving out what is no pair of strings.
std::string entities_to_json(const std::vector<Entity>& entities);
std::vector<Entity> entities_from_json(std::string_view json);

// An alert as it arrived, checked: all texts are UTF-8 without U+0000, within their limits.
struct NewAlert {
  std::string uid;
  int64_t time_ms = 0;
  std::string alert;
  std::string title;
  Severity severity = Severity::kUnknown;
  WorkStatus status = WorkStatus::kNew;
  std::string host;
  std::string agent_id;
  std::string application;
  std::string provider;
  std::string model;
  std::string zone;
  double score = 0;
  std::string evidence_preview;
  std::string search_text;
  std::vector<Entity> entities;
  std::string ocsf;  // the JSON object as sent
};

struct Alert {
  int64_t id = 0;
  std::string uid;
  int64_t time_ms = 0;
  int64_t received_ms = 0;
  std::string alert;
  std::string title;
  Severity severity = Severity::kUnknown;
  WorkStatus status = WorkStatus::kNew;
  std::optional<std::string> classification;
  std::optional<std::string> assignee;
  std::string host;
  std::string agent_id;
  std::string application;
  std::string provider;
  std::string model;
  std::string zone;
  double score = 0;
  std::string evidence_preview;
  std::optional<std::string> incident_uid;
};

}  // namespace sonde::store
