#include "collector/store/alerts.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collector/store/alert_counts.h"
#include "collector/store/alert_query.h"
#include "collector/store/text.h"

namespace sonde::store {

namespace {

using sql::Column;
using sql::Type;

constexpr auto kInsertColumns = std::to_array<Column>({
    {"uid", Type::kText},
    {"time_ms", Type::kInteger},
    {"received_ms", Type::kInteger},
    {"alert", Type::kText},
    {"title", Type::kText},
    {"severity", Type::kInteger},
    {"status", Type::kInteger},
    {"host", Type::kText},
    {"agent_id", Type::kText},
    {"application", Type::kText},
    {"provider", Type::kText},
    {"model", Type::kText},
    {"zone", Type::kText},
    {"score", Type::kReal},
    {"evidence_preview", Type::kText},
    {"search_text", Type::kText},
    {"entities", Type::kText},
    {"ocsf", Type::kText},
});

// `words` keeps the texts that are made here: for each alert its words, then its entities.
std::vector<sql::Param> cells_of(std::span<const NewAlert> alerts, int64_t now_ms,
                                 std::vector<std::string>& words) {
  words.reserve(2 * alerts.size());  // never moved: the cells point into them
  std::vector<sql::Param> cells;
  cells.reserve(alerts.size() * kInsertColumns.size());
  auto text = [&cells](const std::string& value) { cells.emplace_back(std::string_view(value)); };
  for (const NewAlert& alert : alerts) {
    text(alert.uid);
    cells.emplace_back(alert.time_ms);
    cells.emplace_back(now_ms);
    text(alert.alert);
    text(alert.title);
    cells.emplace_back(static_cast<int64_t>(alert.severity));
    cells.emplace_back(static_cast<int64_t>(alert.status));
    text(alert.host);
    text(alert.agent_id);
    text(alert.application);
    text(alert.provider);
    text(alert.model);
    text(alert.zone);
    cells.emplace_back(alert.score);
    text(alert.evidence_preview);
    text(words.emplace_back(words_of(alert.search_text)));
    text(words.emplace_back(entities_to_json(alert.entities)));
    text(alert.ocsf);
  }
  return cells;
}

// SQLite's full-text index; PostgreSQL keeps its own.
Status index_words(sql::Connection& connection, const std::vector<int64_t>& ids,
                   const std::vector<std::string>& words) {
  if (connection.dialect() != sql::Dialect::kSqlite) return {};
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == 0) continue;
    const auto added =
        connection.execute("INSERT INTO alerts_search (rowid, search_text) VALUES ($1, $2)",
                           {ids[i], std::string_view(words[2 * i])});
    if (!added.ok()) return tl::unexpected<Error>(added.error());
  }
  return {};
}

// Before the alerts themselves go: FTS5 wants the text of what it forgets.
Status forget_words(sql::Connection& connection, int64_t before_ms, int64_t limit) {
  if (connection.dialect() != sql::Dialect::kSqlite) return {};
  const auto forgotten = connection.execute(
      "INSERT INTO alerts_search (alerts_search, rowid, search_text) "
      "SELECT 'delete', id, search_text FROM alerts WHERE time_ms < $1 "
      "ORDER BY time_ms, id LIMIT $2",
      {before_ms, limit});
  if (!forgotten.ok()) return tl::unexpected<Error>(forgotten.error());
  return {};
}

std::optional<std::string> nullable(const sql::Row& row, size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}

Result<std::optional<Alert>> find_alert(sql::Connection& connection, std::string_view uid,
                                        bool for_update) {
  std::string statement = fmt::format("SELECT {} FROM alerts a WHERE a.uid = $1", kAlertColumns);
  if (for_update && connection.dialect() == sql::Dialect::kPostgres) statement += " FOR UPDATE";
  const auto rows = connection.query(statement, {uid});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<Alert>();
  return std::optional<Alert>(read_alert_row(rows->front()));
}

// The part of the filter that the fewest alerts pass, if they are few: without it, a database would
// walk through all alerts for a value that is rare or absent.
Result<std::optional<AlertFilter>> rarest(sql::Connection& connection, const AlertFilter& filter) {
  std::optional<AlertFilter> best;
  int64_t fewest = kRare;
  for (AlertFilter& part : single_filters(filter)) {
    const BuiltQuery query = build_count_query(connection.dialect(), part);
    const auto rows = connection.query(query.statement, sql::Params(query.params));
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    const int64_t found = rows->front().integer(0);
    if (found >= fewest) continue;
    fewest = found;
    best = std::move(part);
  }
  return best;
}

sql::Param or_null(const std::optional<std::string>& text) {
  if (!text || text->empty()) return nullptr;
  return std::string_view(*text);
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
  AppendOutcome outcome;
  if (alerts.empty()) return outcome;
  if (connection.dialect() == sql::Dialect::kPostgres) {
    if (auto locked = connection.query("SELECT pg_advisory_xact_lock(495789269094)");
        !locked.ok()) {
      return tl::unexpected<Error>(locked.error());
    }
  }
  std::vector<std::string> words;
  const std::vector<sql::Param> cells = cells_of(alerts, now_ms, words);
  auto ids = connection.insert_many({"alerts", kInsertColumns, 0}, cells);
  if (!ids.ok()) return tl::unexpected<Error>(ids.error());
  if (const auto indexed = index_words(connection, *ids, words); !indexed.ok()) {
    return tl::unexpected<Error>(indexed.error());
  }
  CountChanges counts;
  for (size_t i = 0; i < alerts.size(); ++i) {
    if ((*ids)[i] == 0) continue;
    const NewAlert& alert = alerts[i];
    counts.add(alert.time_ms, alert.alert, alert.severity, alert.status, alert.application,
               alert.model, alert.host, 1);
  }
  if (const auto written = counts.write(connection); !written.ok()) {
    return tl::unexpected<Error>(written.error());
  }
  outcome.ids = std::move(*ids);
  return outcome;
}

Result<AlertPage> AlertStore::list(const AlertFilter& filter, size_t limit,
                                   std::optional<AlertCursor> after) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto driver = rarest(**lease, filter);
  if (!driver.ok()) return tl::unexpected<Error>(driver.error());
  // One more than asked for tells whether there is a next page.
  const BuiltQuery query =
      build_alert_query(pool_.dialect(), filter, limit + 1, after, *driver ? &**driver : nullptr);
  const auto rows = (*lease)->query(query.statement, sql::Params(query.params));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  AlertPage page;
  for (size_t i = 0; i < std::min(limit, rows->size()); ++i) {
    page.items.push_back(read_alert_row((*rows)[i]));
  }
  if (rows->size() > limit && !page.items.empty()) {
    page.next = AlertCursor{page.items.back().time_ms, page.items.back().id};
  }
  return page;
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
  return std::optional<std::string>(rows->front().text(0));
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
  const auto comments = connection.execute(
      "DELETE FROM comments WHERE object IN (SELECT 'alert:' || uid FROM alerts "
      "WHERE time_ms < $1 ORDER BY time_ms, id LIMIT $2)",
      {before_ms, doomed});
  if (!comments.ok()) return comments;
  const auto links = connection.execute(
      "DELETE FROM incident_alerts WHERE alert_id IN (SELECT id FROM alerts WHERE time_ms < $1 "
      "ORDER BY time_ms, id LIMIT $2)",
      {before_ms, doomed});
  if (!links.ok()) return links;
  if (const auto forgotten = forget_words(connection, before_ms, doomed); !forgotten.ok()) {
    return tl::unexpected<Error>(forgotten.error());
  }
  const auto removed = connection.execute(
      "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE time_ms < $1 "
      "ORDER BY time_ms, id LIMIT $2)",
      {before_ms, doomed});
  if (!removed.ok()) return removed;
  if (*removed < doomed) {  // nothing of those hours is left to count
    const auto counts =
        connection.execute("DELETE FROM alert_counts WHERE hour_ms <= $1", {before_ms - kHourMs});
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
