#include "collector/store/partitions.h"

#include <string>

#include <fmt/format.h>

#include "collector/store/uids.h"

namespace sonde::store {
namespace {

// The lowest and the highest number.
struct Ends {
  int64_t oldest = 0;
  int64_t newest = 0;
};

Result<Ends> partition_ends(sql::Connection& connection) {
  const auto rows = connection.query(
      "SELECT MIN(substring(c.relname FROM 9)::bigint), MAX(substring(c.relname FROM 9)::bigint) "
      "FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid "
      "WHERE h.inhparent = 'alerts'::regclass AND c.relname LIKE 'alerts\\_p%'");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return Ends{rows->front().integer(0), rows->front().integer(1)};
}

std::string table_of(int64_t number) { return fmt::format("alerts_p{}", number); }
int64_t first_id(int64_t number) { return number << kPartitionBits; }

// Nobody appends, and nobody waits for long: a reader that takes its time only delays us.
Status lock(sql::Connection& connection) {
  const auto locked = connection.query("SELECT pg_advisory_xact_lock(495789269094)");
  if (!locked.ok()) return tl::unexpected<Error>(locked.error());
  return connection.script("SET LOCAL lock_timeout = '2s'");
}

// What hangs on the alerts of partition `number`, then the partition.
Status drop(sql::Connection& connection, int64_t number) {
  const std::string table = table_of(number);
  const int64_t from = first_id(number);
  const int64_t until = first_id(number + 1);
  const std::string comments =
      fmt::format("DELETE FROM comments WHERE object IN (SELECT 'alert:' || uid FROM {})", table);
  if (const auto done = connection.execute(comments); !done.ok()) {
    return tl::unexpected<Error>(done.error());
  }
  const auto members = connection.execute(
      "DELETE FROM incident_alerts WHERE alert_id >= $1 AND alert_id < $2", {from, until});
  if (!members.ok()) return tl::unexpected<Error>(members.error());
  const auto uids = connection.execute("DELETE FROM alert_uids WHERE run >= $1 AND run < $2",
                                       {uid_run(from), uid_run(until)});
  if (!uids.ok()) return tl::unexpected<Error>(uids.error());
  return connection.script(
      fmt::format("ALTER TABLE alerts DETACH PARTITION {0}; DROP TABLE {0};", table));
}

}  // namespace

Result<bool> AlertPartitions::rotate(int64_t now_ms, int64_t span_ms) {
  if (pool_.dialect() != sql::Dialect::kPostgres) return false;
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  if (const Status locked = lock(connection); !locked.ok()) {
    return tl::unexpected<Error>(locked.error());
  }
  const auto ends = partition_ends(connection);
  if (!ends.ok()) return tl::unexpected<Error>(ends.error());
  const auto first = connection.query(
      fmt::format("SELECT received_ms FROM {} ORDER BY id LIMIT 1", table_of(ends->newest)));
  if (!first.ok()) return tl::unexpected<Error>(first.error());
  if (first->empty() || now_ms - first->front().integer(0) < span_ms) return false;
  const int64_t next = ends->newest + 1;
  // Attached, not created in place: that would keep readers out.
  const Status made = connection.script(
      fmt::format("CREATE TABLE {0} (LIKE alerts INCLUDING DEFAULTS INCLUDING COMPRESSION);"
                  "ALTER TABLE alerts ATTACH PARTITION {0} FOR VALUES FROM ({1}) TO ({2});"
                  "SELECT setval('alert_ids', {1});",
                  table_of(next), first_id(next), first_id(next + 1)));
  if (!made.ok()) return tl::unexpected<Error>(made.error());
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return true;
}

Result<bool> AlertPartitions::drop_oldest(int64_t before_ms) {
  if (pool_.dialect() != sql::Dialect::kPostgres) return false;
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  if (const Status locked = lock(connection); !locked.ok()) {
    return tl::unexpected<Error>(locked.error());
  }
  const auto ends = partition_ends(connection);
  if (!ends.ok()) return tl::unexpected<Error>(ends.error());
  if (ends->oldest == ends->newest) return false;
  const auto latest = connection.query(
      fmt::format("SELECT COALESCE(MAX(time_ms), 0) FROM {}", table_of(ends->oldest)));
  if (!latest.ok()) return tl::unexpected<Error>(latest.error());
  if (latest->front().integer(0) >= before_ms) return false;
  if (const Status dropped = drop(connection, ends->oldest); !dropped.ok()) {
    return tl::unexpected<Error>(dropped.error());
  }
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return true;
}

}  // namespace sonde::store
