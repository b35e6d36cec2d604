// Incidents in the store. Which alerts belong together is decided in collector/incident.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"
#include "collector/store/alerts.h"
#include "collector/store/incident_digest.h"
#include "collector/store/pool.h"

namespace sonde::store {

struct Incident {
  int64_t id = 0;
  std::string title;
  bool title_fixed = false;  // named by a person
  Severity severity = Severity::kUnknown;
  bool severity_fixed = false;
  WorkStatus status = WorkStatus::kNew;
  std::optional<std::string> classification;
  std::optional<std::string> assignee;
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  int64_t alert_count = 0;
  int64_t stage = 0;        // furthest, see incident/stage.h
  bool pinned = false;      // merged or split by hand: correlation merges it no more
  int64_t merged_into = 0;  // 0: it stands for itself

  std::string uid() const { return "INC-" + std::to_string(id); }
};

// Why an alert is in its incident.
struct Membership {
  int64_t alert_id = 0;
  int64_t incident_id = 0;
  int64_t stage = 0;
  std::string rule;  // first, entity, chain, merged, split
  Entity entity;     // what it shares with alert linked_id
  int64_t linked_id = 0;
};

struct IncidentFilter {
  std::vector<Severity> severities;
  std::vector<WorkStatus> statuses;
  std::vector<std::string> assignees;
  std::vector<std::string> hosts;
  std::optional<int64_t> since_ms;  // of the last activity
  std::optional<int64_t> until_ms;
};

struct IncidentPage {
  std::vector<Incident> items;
  std::optional<AlertCursor> next;
};

struct IncidentChange {
  WorkChange work;
  std::optional<Severity> severity;
  std::optional<std::string> title;
};

struct IncidentAlert {
  Alert alert;
  Membership membership;
  std::vector<Entity> entities;
};

// Numbers a change of these incidents, inside the caller's transaction, as its last statement:
// from here on no other can be numbered until the transaction ends.
Status note_changes(sql::Connection& connection, const std::vector<int64_t>& ids);

// "INC-7" to 7.
std::optional<int64_t> incident_id_from(std::string_view uid);

inline constexpr int64_t kMostOpen = 10'000;

class IncidentStore {
 public:
  explicit IncidentStore(Pool& pool) : pool_(pool) {}

  Result<IncidentPage> list(const IncidentFilter& filter, size_t limit,
                            std::optional<AlertCursor> after) const;
  // Follows merges: the uid of an incident that was merged finds the one that took it in.
  Result<std::optional<Incident>> get(int64_t id) const;
  Result<IncidentDigest> digest(int64_t id) const;
  // In order of time: the first `limit` that came in.
  Result<std::vector<IncidentAlert>> alerts(int64_t id, size_t limit) const;
  // Status and classification are handed on to the alerts inside.
  Result<std::optional<Incident>> change(int64_t id, const IncidentChange& change);
  // Of incidents that are new or in progress, counted up to kMostOpen.
  Result<int64_t> open_count() const;
  // Removes incidents whose alerts are all gone. Answers how many.
  Result<int64_t> remove_empty_before(int64_t before_ms);

 private:
  Pool& pool_;
};

// The columns that read_incident_row() expects, in its order.
inline constexpr std::string_view kIncidentColumns =
    "i.id, i.title, i.title_fixed, i.severity, i.severity_fixed, i.status, i.classification, "
    "i.assignee, i.first_ms, i.last_ms, i.alert_count, i.stage, i.pinned, i.merged_into";
Incident read_incident_row(const sql::Row& row);

}  // namespace sonde::store
