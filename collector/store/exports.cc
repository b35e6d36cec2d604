#include "collector/store/exports.h"

#include <fmt/format.h>

#include "collector/store/packed.h"

namespace sonde::store {
namespace {

ExportPosition read_position(const sql::Row& row, size_t at) {
  return {row.integer(at), row.integer(at + 1)};
}

}  // namespace

Result<std::optional<ExportPosition>> ExportStore::hold(std::string_view name,
                                                        std::string_view owner, int64_t now_ms,
                                                        int64_t until_ms,
                                                        const ExportPosition& start) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto added = (*lease)->execute(
      "INSERT INTO exports (name, owner, lease_until_ms, last_alert_id, last_change) "
      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
      {name, owner, until_ms, start.last_alert_id, start.last_change});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  // None reaches that far, whatever the clocks of replicas differ by: the clock was set back since.
  const int64_t impossible_ms = now_ms + 2 * (until_ms - now_ms);
  const auto rows = (*lease)->query(
      "UPDATE exports SET owner = $1, lease_until_ms = $2 WHERE name = $3 AND "
      "(owner = $1 OR lease_until_ms <= $4 OR lease_until_ms > $5) "
      "RETURNING last_alert_id, last_change",
      {owner, until_ms, name, now_ms, impossible_ms});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<ExportPosition>();
  return std::optional(read_position(rows->front(), 0));
}

Result<bool> ExportStore::advance(std::string_view name, std::string_view owner,
                                  const ExportPosition& position, int64_t sent, int64_t refused,
                                  int64_t now_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto changed = (*lease)->execute(
      "UPDATE exports SET last_alert_id = $1, last_change = $2, sent = sent + $3, "
      "refused = refused + $4, last_sent_ms = $5, trouble = '' WHERE name = $6 AND owner = $7",
      {position.last_alert_id, position.last_change, sent, refused, now_ms, name, owner});
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  return *changed > 0;
}

Status ExportStore::note_trouble(std::string_view name, std::string_view owner,
                                 std::string_view trouble) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto changed = (*lease)->execute(
      "UPDATE exports SET trouble = $1 WHERE name = $2 AND owner = $3", {trouble, name, owner});
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  return {};
}

Status ExportStore::release(std::string_view name, std::string_view owner) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto changed = (*lease)->execute(
      "UPDATE exports SET lease_until_ms = 0 WHERE name = $1 AND owner = $2", {name, owner});
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  return {};
}

Result<std::vector<ExportState>> ExportStore::list() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT name, last_alert_id, last_change, sent, refused, last_sent_ms, trouble FROM exports "
      "ORDER BY name");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<ExportState> states;
  for (const sql::Row& row : *rows) {
    states.push_back({row.text(0), read_position(row, 1), row.integer(3), row.integer(4),
                      row.integer(5), row.text(6)});
  }
  return states;
}

Result<ExportPosition> ExportStore::newest() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT (SELECT COALESCE(MAX(id), 0) FROM alerts), (SELECT value FROM changes)");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return read_position(rows->front(), 0);
}

Result<std::vector<ExportedAlert>> ExportStore::alerts_after(int64_t id, size_t limit) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      fmt::format("SELECT {}, a.ocsf FROM alerts a WHERE a.id > $1 ORDER BY a.id LIMIT $2",
                  kAlertColumns),
      {id, static_cast<int64_t>(limit)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<ExportedAlert> alerts;
  for (const sql::Row& row : *rows) {
    auto json = unpack(row.text(19));
    if (!json.ok()) return tl::unexpected<Error>(json.error());
    alerts.push_back({read_alert_row(row), std::move(*json)});
  }
  return alerts;
}

Result<std::vector<ChangedIncident>> ExportStore::incidents_after(int64_t change,
                                                                  size_t limit) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows =
      (*lease)->query(fmt::format("SELECT {}, i.change FROM incidents i WHERE i.change > $1 "
                                  "ORDER BY i.change, i.id LIMIT $2",
                                  kIncidentColumns),
                      {change, static_cast<int64_t>(limit)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<ChangedIncident> changed;
  for (const sql::Row& row : *rows) changed.push_back({read_incident_row(row), row.integer(14)});
  // A group that was cut is left for the next time, unless it is all there is.
  if (changed.size() == limit && changed.front().change != changed.back().change) {
    const int64_t cut = changed.back().change;
    std::erase_if(changed, [cut](const ChangedIncident& entry) { return entry.change == cut; });
  }
  return changed;
}

}  // namespace sonde::store
