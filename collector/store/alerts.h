// Alerts in the store: append, list, read, work on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"
#include "collector/store/pool.h"

namespace sonde::store {

// Empty fields do not filter. Several values of one field mean any of them.
struct AlertFilter {
  std::vector<Severity> severities;
  std::vector<std::string> alerts;  // a name, or a prefix that ends in '.'
  std::vector<std::string> hosts;
  std::vector<std::string> agents;
  std::vector<std::string> providers;
  std::vector<std::string> models;
  std::vector<std::string> applications;
  std::vector<std::string> zones;
  std::vector<WorkStatus> statuses;
  std::vector<std::string> assignees;
  std::optional<int64_t> incident_id;
  std::string query;  // words; "word*" is a prefix
  std::optional<int64_t> since_ms;
  std::optional<int64_t> until_ms;
};

// The position behind an alert in the order (time, id), both descending.
struct AlertCursor {
  int64_t time_ms = 0;
  int64_t id = 0;
};

struct AlertPage {
  std::vector<Alert> items;
  std::optional<AlertCursor> next;
  // Where a search for words stopped before the page was full, because it had looked at as many
  // alerts as one page may: all that are newer were looked at. `next` goes on from there.
  std::optional<int64_t> searched_back_to_ms;
};

// How many alerts a search for words looks at for one page.
inline constexpr size_t kMostSearched = 500'000;

struct AppendOutcome {
  // For each alert of the batch its id, or 0 where the uid was stored already.
  std::vector<int64_t> ids;
};

// nullopt leaves a field as it is; an empty string clears assignee or classification.
struct WorkChange {
  std::optional<WorkStatus> status;
  std::optional<std::string> assignee;
  std::optional<std::string> classification;
};

struct Comment {
  int64_t id = 0;
  std::string author;
  int64_t time_ms = 0;
  std::string text;
};

// Stateless but for the pool: any number of threads.
class AlertStore {
 public:
  explicit AlertStore(Pool& pool) : pool_(pool) {}

  // Inside the caller's transaction. Takes a lock that orders commits by id, over all replicas:
  // whoever has seen id n will never see a smaller one appear (PostgreSQL hands out ids before it
  // commits; SQLite has one writer anyway).
  static Result<AppendOutcome> append(sql::Connection& connection, std::span<const NewAlert> alerts,
                                      int64_t now_ms);

  Result<AlertPage> list(const AlertFilter& filter, size_t limit, std::optional<AlertCursor> after,
                         size_t most_searched = kMostSearched) const;
  // In order of arrival, for followers with a cursor of their own.
  Result<std::vector<Alert>> arrived_after(int64_t id, size_t limit) const;
  Result<int64_t> last_id() const;
  Result<std::optional<Alert>> get(std::string_view uid) const;
  Result<std::optional<std::string>> ocsf(int64_t id) const;
  // The alert as it is afterwards; nullopt if there is none.
  Result<std::optional<Alert>> change(std::string_view uid, const WorkChange& change);
  // Removes at most `limit` alerts older than `before_ms`, with their comments, and what counts of
  // them once none is left. Answers how many.
  Result<int64_t> remove_before(int64_t before_ms, size_t limit);

  // `object` is "alert:UID" or "incident:UID".
  Result<Comment> add_comment(std::string_view object, std::string_view author,
                              std::string_view text, int64_t now_ms);
  Result<std::vector<Comment>> comments(std::string_view object) const;

 private:
  Pool& pool_;
};

// The columns that read_alert_row() expects, in its order.
inline constexpr std::string_view kAlertColumns =
    "a.id, a.uid, a.time_ms, a.received_ms, a.alert, a.title, a.severity, a.status, "
    "a.classification, a.assignee, a.host, a.agent_id, a.application, a.provider, a.model, a.zone, "
    "a.score, a.evidence_preview, "
    "(SELECT ia.incident_id FROM incident_alerts ia WHERE ia.alert_id = a.id)";
Alert read_alert_row(const sql::Row& row);

}  // namespace sonde::store
