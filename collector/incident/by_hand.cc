// What people decide: incidents merged and split by hand.
#include <fmt/format.h>

#include "collector/incident/correlator.h"
#include "collector/incident/membership.h"
#include "collector/store/uids.h"

namespace sonde::incident {

namespace sql = store::sql;

Result<std::optional<store::Incident>> Correlator::merge(int64_t incident_id,
                                                         const std::vector<int64_t>& from) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  std::vector<int64_t> all = from;
  all.push_back(incident_id);
  for (const int64_t id : all) {
    const auto known = load_incident(connection, id);
    if (!known.ok() || !*known) return known;
  }
  for (const int64_t id : std::set<int64_t>(from.begin(), from.end())) {
    if (id == incident_id) continue;
    if (const Status merged = merge_incidents(connection, incident_id, id, "merged");
        !merged.ok()) {
      return tl::unexpected<Error>(merged.error());
    }
  }
  const auto pinned =
      connection.execute("UPDATE incidents SET pinned = 1 WHERE id = $1", {incident_id});
  if (!pinned.ok()) return tl::unexpected<Error>(pinned.error());
  if (const Status noted = store::note_changes(connection, all); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  auto result = load_incident(connection, incident_id);
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return result;
}

Result<std::optional<store::Incident>> Correlator::split(
    int64_t incident_id, const std::vector<std::string>& alert_uids) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  std::optional<int64_t> created;
  for (const std::string& uid : std::set<std::string>(alert_uids.begin(), alert_uids.end())) {
    const auto id = store::id_of_uid(connection, uid);
    if (!id.ok()) return tl::unexpected<Error>(id.error());
    const auto rows = connection.query(
        fmt::format("SELECT {} FROM alerts a JOIN incident_alerts m ON m.alert_id = a.id "
                    "WHERE a.id = $1 AND m.incident_id = $2",
                    kSubjectColumns),
        {id->value_or(0), incident_id});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    if (rows->empty()) return std::optional<store::Incident>();
    const Subject subject = read_subject(rows->front());
    const auto removed =
        connection.execute("DELETE FROM incident_alerts WHERE alert_id = $1", {subject.id});
    if (!removed.ok()) return tl::unexpected<Error>(removed.error());
    Status placed;
    if (created) {
      store::Membership why;
      why.rule = "split";
      placed = join_incident(connection, *created, subject, why);
    } else {
      const auto made = create_incident(connection, subject, "split");
      if (!made.ok()) return tl::unexpected<Error>(made.error());
      created = *made;
    }
    if (!placed.ok()) return tl::unexpected<Error>(placed.error());
  }
  const auto left = connection.query("SELECT 1 FROM incident_alerts WHERE incident_id = $1 LIMIT 1",
                                     {incident_id});
  if (!left.ok()) return tl::unexpected<Error>(left.error());
  if (!created || left->empty()) return std::optional<store::Incident>();
  const auto pinned = connection.execute("UPDATE incidents SET pinned = 1 WHERE id IN ($1, $2)",
                                         {incident_id, *created});
  if (!pinned.ok()) return tl::unexpected<Error>(pinned.error());
  if (const Status counted = store::rebuild_digest(connection, incident_id); !counted.ok()) {
    return tl::unexpected<Error>(counted.error());
  }
  if (const Status summed = sum_up(connection, incident_id); !summed.ok()) {
    return tl::unexpected<Error>(summed.error());
  }
  if (const Status noted = store::note_changes(connection, {incident_id, *created}); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  auto result = load_incident(connection, *created);
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return result;
}

}  // namespace sonde::incident
