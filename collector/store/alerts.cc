#include "collector/store/alerts.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collector/store/alert_counts.h"
#include "collector/store/alert_page.h"
#include "collector/store/append.h"
#include "collector/store/packed.h"
#include "collector/store/search.h"
#include "collector/store/uids.h"

namespace sonde::store {

namespace {

std::optional<std::string> nullable(const sql::Row& row, size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}

Result<std::optional<Alert>> find_alert(sql::Connection& connection, std::string_view uid,
                                        bool for_update) {
  const auto id = id_of_uid(connection, uid);
  if (!id.ok()) return tl::unexpected<Error>(id.error());
  if (!*id) return std::optional<Alert>();
  std::string statement = fmt::format("SELECT {} FROM alerts a WHERE a.id = $1", kAlertColumns);
  if (for_update && connection.dialect() == sql::Dialect::kPostgres) statement += " FOR UPDATE";
  const auto rows = connection.query(statement, {**id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<Alert>();
  return std::optional<Alert>(read_alert_row(rows->front()));
}

sql::Param or_null(const std::optional<std::string>& text) {
  if (!text || text->empty()) return nullptr;
  return std::string_view(*text);
}

// The oldest alerts and all that hangs on them.
Result<int64_t> remove_oldest(sql::Connection& connection, int64_t before_ms, int64_t limit) {
  const auto rows = connection.query(
      "SELECT id, uid FROM alerts WHERE time_ms < $1 ORDER BY time_ms, id LIMIT $2",
      {before_ms, limit});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<int64_t> ids;
  for (const sql::Row& row : *rows) {
    ids.push_back(row.integer(0));
    if (const auto forgotten = forget_uid(connection, row.integer(0), row.text(1));
        !forgotten.ok()) {
      return tl::unexpected<Error>(forgotten.error());
    }
  }
  if (const auto forgotten = forget_words(connection, ids); !forgotten.ok()) {
    return tl::unexpected<Error>(forgotten.error());
  }
  const std::string list = sql::id_list(connection.dialect(), ids);
  for (const std::string_view statement :
       {"DELETE FROM comments WHERE object IN (SELECT 'alert:' || a.uid FROM alerts a WHERE {})",
        "DELETE FROM incident_alerts AS a WHERE {0}", "DELETE FROM alerts AS a WHERE {0}"}) {
    const std::string_view id =
        statement.find("incident_alerts") != std::string_view::npos ? "a.alert_id" : "a.id";
    const auto removed = connection.execute(
        fmt::format(fmt::runtime(statement), sql::one_of(connection.dialect(), id, 1)),
        {std::string_view(list)});
    if (!removed.ok()) return removed;
  }
  return static_cast<int64_t>(ids.size());
}

}  // namespace

Alert read_alert_row(const sql::Row& row) {
  Alert alert;
  alert.id = row.integer(0);
  alert.uid = row.text(1);
  alert.time_ms = row.integer(2);
  alert.received_ms = row.integer(3);
  alert.alert = row.text(4);
  alert.title = row.text(5);
  alert.severity = static_cast<Severity>(row.integer(6));
  alert.status = static_cast<WorkStatus>(row.integer(7));
  alert.classification = nullable(row, 8);
  alert.assignee = nullable(row, 9);
  alert.host = row.text(10);
  alert.agent_id = row.text(11);
  alert.application = row.text(12);
  alert.provider = row.text(13);
  alert.model = row.text(14);
  alert.zone = row.text(15);
  alert.score = row.real(16);
  alert.evidence_preview = row.text(17);
  if (!row.is_null(18)) alert.incident_uid = fmt::format("INC-{}", row.integer(18));
  return alert;
}

Result<AppendOutcome> AlertStore::append(sql::Connection& connection,
                                         std::span<const NewAlert> alerts, int64_t now_ms) {
  return append_alerts(connection, alerts, now_ms, nullptr);
}

Result<AlertPage> AlertStore::list(const AlertFilter& filter, size_t limit,
                                   std::optional<AlertCursor> after, size_t most_searched) const {
  // While alerts pour in, the words of the newest are not looked for; otherwise all are.
  if (!filter.query.empty()) (void)SearchIndex(pool_).catch_up();
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return read_alert_page(**lease, filter, limit, after, most_searched);
}

Result<std::vector<Alert>> AlertStore::arrived_after(int64_t id, size_t limit) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      fmt::format("SELECT {} FROM alerts a WHERE a.id > $1 ORDER BY a.id LIMIT $2", kAlertColumns),
      {id, static_cast<int64_t>(limit)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<Alert> alerts;
  for (const sql::Row& row : *rows) alerts.push_back(read_alert_row(row));
  return alerts;
}

Result<int64_t> AlertStore::last_id() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query("SELECT COALESCE(MAX(id), 0) FROM alerts");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return rows->front().integer(0);
}

Result<std::optional<Alert>> AlertStore::get(std::string_view uid) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return find_alert(**lease, uid, false);
}

Result<std::optional<std::string>> AlertStore::ocsf(int64_t id) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query("SELECT ocsf FROM alerts WHERE id = $1", {id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<std::string>();
  auto json = unpack(rows->front().text(0));
  if (!json.ok()) return tl::unexpected<Error>(json.error());
  return std::optional<std::string>(std::move(*json));
}

Result<std::optional<Alert>> AlertStore::change(std::string_view uid, const WorkChange& change) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  auto found = find_alert(connection, uid, true);
  if (!found.ok() || !*found) return found;
  Alert& alert = **found;
  CountChanges counts;
  counts.add(alert.time_ms, alert.alert, alert.severity, alert.status, alert.application,
             alert.model, alert.host, -1);
  if (change.status) alert.status = *change.status;
  if (change.assignee) alert.assignee = change.assignee;
  if (change.classification) alert.classification = change.classification;
  counts.add(alert.time_ms, alert.alert, alert.severity, alert.status, alert.application,
             alert.model, alert.host, 1);
  const auto updated = connection.execute(
      "UPDATE alerts SET status = $1, assignee = $2, classification = $3 WHERE id = $4",
      {static_cast<int64_t>(alert.status), or_null(alert.assignee), or_null(alert.classification),
       alert.id});
  if (!updated.ok()) return tl::unexpected<Error>(updated.error());
  if (const auto written = counts.write(connection); !written.ok()) {
    return tl::unexpected<Error>(written.error());
  }
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  if (alert.assignee && alert.assignee->empty()) alert.assignee.reset();
  if (alert.classification && alert.classification->empty()) alert.classification.reset();
  return found;
}

Result<int64_t> AlertStore::remove_before(int64_t before_ms, size_t limit) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  const auto doomed = static_cast<int64_t>(limit);
  auto removed = remove_oldest(connection, before_ms, doomed);
  if (!removed.ok()) return removed;
  if (*removed < doomed) {  // nothing of those hours is left to count
    const auto counts = connection.execute(
        "DELETE FROM alert_counts WHERE dimension IN ('status', 'severity', "
        "'alert', 'application', 'model', 'host') AND hour_ms <= $1",
        {before_ms - kHourMs});
    if (!counts.ok()) return counts;
  }
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return removed;
}

Result<Comment> AlertStore::add_comment(std::string_view object, std::string_view author,
                                        std::string_view text, int64_t now_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "INSERT INTO comments (object, author, time_ms, body) VALUES ($1, $2, $3, $4) RETURNING id",
      {object, author, now_ms, text});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return Comment{rows->front().integer(0), std::string(author), now_ms, std::string(text)};
}

Result<std::vector<Comment>> AlertStore::comments(std::string_view object) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT id, author, time_ms, body FROM comments WHERE object = $1 ORDER BY id LIMIT 1000",
      {object});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<Comment> comments;
  for (const sql::Row& row : *rows) {
    comments.push_back({row.integer(0), row.text(1), row.integer(2), row.text(3)});
  }
  return comments;
}

}  // namespace sonde::store
