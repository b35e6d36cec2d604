#include "collector/store/incidents.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "collector/store/alert_counts.h"

namespace sonde::store {

namespace {

constexpr size_t kMaxMerges = 32;

std::optional<std::string> nullable(const sql::Row& row, size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}

sql::Param or_null(const std::optional<std::string>& text) {
  if (!text || text->empty()) return nullptr;
  return std::string_view(*text);
}

// What locks the rows of `alias` until the transaction ends, where more than one may write.
std::string locked(const sql::Connection& connection, std::string_view alias) {
  if (connection.dialect() == sql::Dialect::kSqlite) return {};
  return fmt::format(" FOR UPDATE OF {}", alias);
}

Result<std::optional<Incident>> find(sql::Connection& connection, int64_t id,
                                     std::string_view lock = {}) {
  for (size_t i = 0; i < kMaxMerges; ++i) {
    const auto rows = connection.query(
        fmt::format("SELECT {} FROM incidents i WHERE i.id = $1{}", kIncidentColumns, lock), {id});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    if (rows->empty()) break;
    if (rows->front().is_null(13)) return std::optional(read_incident_row(rows->front()));
    id = rows->front().integer(13);
  }
  return std::optional<Incident>();
}

// Conditions with their parameters; small enough here not to share the builder of alerts.
struct Conditions {
  std::string text = " WHERE i.merged_into IS NULL";
  std::vector<sql::Param> params;

  std::string parameter(sql::Param value) {
    params.push_back(value);
    return fmt::format("${}", params.size());
  }
  template <typename T, typename Convert>
  void any_of(std::string_view column, const std::vector<T>& values, Convert convert) {
    if (values.empty()) return;
    std::string list;
    for (const T& value : values) {
      if (!list.empty()) list += ", ";
      list += parameter(convert(value));
    }
    text += fmt::format(" AND {} IN ({})", column, list);
  }
};

// Hands a change of work on to the alerts of an incident, keeping the hourly counts right.
Status change_alerts(sql::Connection& connection, int64_t incident_id, const WorkChange& change) {
  if (!change.status && !change.classification) return {};
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM alerts a JOIN incident_alerts m ON m.alert_id = a.id "
                  "WHERE m.incident_id = $1 ORDER BY a.id{}",
                  kAlertColumns, locked(connection, "a")),
      {incident_id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  CountChanges counts;
  for (const sql::Row& row : *rows) {
    Alert alert = read_alert_row(row);
    counts.add(alert.time_ms, alert.alert, alert.severity, alert.status, alert.application,
               alert.model, alert.host, -1);
    if (change.status) alert.status = *change.status;
    if (change.classification) alert.classification = change.classification;
    counts.add(alert.time_ms, alert.alert, alert.severity, alert.status, alert.application,
               alert.model, alert.host, 1);
    const auto updated = connection.execute(
        "UPDATE alerts SET status = $1, classification = $2 WHERE id = $3",
        {static_cast<int64_t>(alert.status), or_null(alert.classification), alert.id});
    if (!updated.ok()) return tl::unexpected<Error>(updated.error());
  }
  return counts.write(connection);
}

void apply(const IncidentChange& change, Incident& incident) {
  if (change.work.status) incident.status = *change.work.status;
  if (change.work.assignee) incident.assignee = change.work.assignee;
  if (change.work.classification) incident.classification = change.work.classification;
  if (change.severity) {
    incident.severity = *change.severity;
    incident.severity_fixed = true;
  }
  if (change.title) {
    incident.title = *change.title;
    incident.title_fixed = true;
  }
}

}  // namespace

std::optional<int64_t> incident_id_from(std::string_view uid) {
  if (!uid.starts_with("INC-")) return std::nullopt;
  uid.remove_prefix(4);
  int64_t id = 0;
  const auto [end, error] = std::from_chars(uid.data(), uid.data() + uid.size(), id);
  if (error != std::errc() || end != uid.data() + uid.size() || id < 1) return std::nullopt;
  return id;
}

Status note_changes(sql::Connection& connection, const std::vector<int64_t>& ids) {
  if (ids.empty()) return {};
  const auto number = connection.query("UPDATE changes SET value = value + 1 RETURNING value");
  if (!number.ok()) return tl::unexpected<Error>(number.error());
  const std::string list = fmt::format("[{}]", fmt::join(ids, ","));
  const bool sqlite = connection.dialect() == sql::Dialect::kSqlite;
  const auto changed = connection.execute(
      sqlite ? "UPDATE incidents SET change = $1 WHERE id IN (SELECT value FROM json_each($2))"
             : "UPDATE incidents SET change = $1 WHERE id IN "
               "(SELECT value::bigint FROM json_array_elements_text($2::json))",
      {number->front().integer(0), std::string_view(list)});
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  return {};
}

Incident read_incident_row(const sql::Row& row) {
  Incident incident;
  incident.id = row.integer(0);
  incident.title = row.text(1);
  incident.title_fixed = row.integer(2) != 0;
  incident.severity = static_cast<Severity>(row.integer(3));
  incident.severity_fixed = row.integer(4) != 0;
  incident.status = static_cast<WorkStatus>(row.integer(5));
  incident.classification = nullable(row, 6);
  incident.assignee = nullable(row, 7);
  incident.first_ms = row.integer(8);
  incident.last_ms = row.integer(9);
  incident.alert_count = row.integer(10);
  incident.stage = row.integer(11);
  incident.pinned = row.integer(12) != 0;
  incident.merged_into = row.integer(13);
  return incident;
}

Result<IncidentPage> IncidentStore::list(const IncidentFilter& filter, size_t limit,
                                         std::optional<AlertCursor> after) const {
  Conditions where;
  where.any_of("i.severity", filter.severities,
               [](Severity value) { return sql::Param(static_cast<int64_t>(value)); });
  where.any_of("i.status", filter.statuses,
               [](WorkStatus value) { return sql::Param(static_cast<int64_t>(value)); });
  auto as_text = [](const std::string& value) { return sql::Param(std::string_view(value)); };
  where.any_of("i.assignee", filter.assignees, as_text);
  if (!filter.hosts.empty()) {
    std::string list;
    for (const std::string& host : filter.hosts) {
      list += (list.empty() ? "" : ", ") + where.parameter(as_text(host));
    }
    where.text += fmt::format(
        " AND EXISTS (SELECT 1 FROM incident_digest d WHERE d.incident_id = i.id "
        "AND d.dimension = 'host' AND d.name IN ({}))",
        list);
  }
  if (filter.since_ms) where.text += " AND i.last_ms >= " + where.parameter(*filter.since_ms);
  if (filter.until_ms) where.text += " AND i.last_ms < " + where.parameter(*filter.until_ms);
  if (after) {
    const std::string time = where.parameter(after->time_ms);
    where.text +=
        fmt::format(" AND (i.last_ms, i.id) < ({}, {})", time, where.parameter(after->id));
  }
  const std::string count = where.parameter(static_cast<int64_t>(limit + 1));
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      fmt::format("SELECT {} FROM incidents i{} ORDER BY i.last_ms DESC, i.id DESC LIMIT {}",
                  kIncidentColumns, where.text, count),
      sql::Params(where.params));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  IncidentPage page;
  for (size_t i = 0; i < std::min(limit, rows->size()); ++i) {
    page.items.push_back(read_incident_row((*rows)[i]));
  }
  if (rows->size() > limit && !page.items.empty()) {
    page.next = AlertCursor{page.items.back().last_ms, page.items.back().id};
  }
  return page;
}

Result<std::optional<Incident>> IncidentStore::get(int64_t id) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return find(**lease, id);
}

Result<IncidentDigest> IncidentStore::digest(int64_t id) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return read_digest(**lease, id);
}

Result<std::vector<IncidentAlert>> IncidentStore::alerts(int64_t id, size_t limit) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      fmt::format("SELECT {}, m.stage, m.rule, m.entity_type, m.entity_value, m.linked_id, "
                  "a.entities FROM incident_alerts m JOIN alerts a ON a.id = m.alert_id "
                  "WHERE m.incident_id = $1 ORDER BY m.alert_id LIMIT $2",
                  kAlertColumns),
      {id, static_cast<int64_t>(limit)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<IncidentAlert> alerts;
  for (const sql::Row& row : *rows) {
    IncidentAlert entry;
    entry.alert = read_alert_row(row);
    entry.membership = {
        entry.alert.id, id, row.integer(19), row.text(20), {row.text(21), row.text(22)},
        row.integer(23)};
    entry.entities = entities_from_json(row.text(24));
    alerts.push_back(std::move(entry));
  }
  std::stable_sort(alerts.begin(), alerts.end(), [](const auto& one, const auto& other) {
    return one.alert.time_ms < other.alert.time_ms;
  });
  return alerts;
}

Result<std::optional<Incident>> IncidentStore::change(int64_t id, const IncidentChange& change) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  auto found = find(connection, id, locked(connection, "i"));
  if (!found.ok() || !*found) return found;
  Incident& incident = **found;
  apply(change, incident);
  const auto updated = connection.execute(
      "UPDATE incidents SET title = $1, title_fixed = $2, severity = $3, severity_fixed = $4, "
      "status = $5, classification = $6, assignee = $7 WHERE id = $8",
      {std::string_view(incident.title), int64_t{incident.title_fixed},
       static_cast<int64_t>(incident.severity), int64_t{incident.severity_fixed},
       static_cast<int64_t>(incident.status), or_null(incident.classification),
       or_null(incident.assignee), incident.id});
  if (!updated.ok()) return tl::unexpected<Error>(updated.error());
  if (const auto handed_on = change_alerts(connection, incident.id, change.work); !handed_on.ok()) {
    return tl::unexpected<Error>(handed_on.error());
  }
  if (const auto noted = note_changes(connection, {incident.id}); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  if (incident.assignee && incident.assignee->empty()) incident.assignee.reset();
  if (incident.classification && incident.classification->empty()) incident.classification.reset();
  return found;
}

Result<int64_t> IncidentStore::open_count() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT COUNT(*) FROM incidents WHERE merged_into IS NULL AND status IN (0, 1)");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return rows->front().integer(0);
}

Result<int64_t> IncidentStore::remove_empty_before(int64_t before_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  auto transaction = sql::Transaction::begin(**lease);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  constexpr std::string_view kEmpty =
      "last_ms < $1 AND NOT EXISTS "
      "(SELECT 1 FROM incident_alerts m WHERE m.incident_id = incidents.id)";
  auto digests =
      (*lease)->execute(fmt::format("DELETE FROM incident_digest WHERE incident_id IN "
                                    "(SELECT id FROM incidents WHERE {})",
                                    kEmpty),
                        {before_ms});
  if (!digests.ok()) return digests;
  auto removed =
      (*lease)->execute(fmt::format("DELETE FROM incidents WHERE {}", kEmpty), {before_ms});
  if (!removed.ok()) return removed;
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return removed;
}

}  // namespace sonde::store
