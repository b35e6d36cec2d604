#include "collector/store/search.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace sonde::store {
namespace {

constexpr int64_t kSoonDone = 5000;

// PostgreSQL keeps new words in a list that every search reads through, until somebody sorts them
// in (measured: 200 ms a search behind 120,000 alerts). Only the newest partition has such words.
Status sort_in(Pool& pool) {
  auto lease = pool.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto sorted = (*lease)->query(
      "SELECT gin_clean_pending_list(i.indexrelid) FROM pg_index i "
      "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam "
      "WHERE m.amname = 'gin' AND i.indrelid = (SELECT h.inhrelid FROM pg_inherits h "
      "JOIN pg_class p ON p.oid = h.inhrelid WHERE h.inhparent = 'alerts'::regclass "
      "ORDER BY substring(p.relname FROM 9)::bigint DESC LIMIT 1)");
  if (!sorted.ok()) return tl::unexpected<Error>(sorted.error());
  return {};
}

}  // namespace

Result<int64_t> SearchIndex::advance(int64_t limit) {
  if (pool_.dialect() != sql::Dialect::kSqlite) {
    const Status sorted = sort_in(pool_);
    if (!sorted.ok()) return tl::unexpected<Error>(sorted.error());
    return 0;
  }
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  const auto next = connection.query(
      "SELECT COUNT(*), MAX(id) FROM (SELECT id FROM alerts WHERE id > (SELECT last_alert_id FROM "
      "search_state) ORDER BY id LIMIT $1)",
      {limit});
  if (!next.ok()) return tl::unexpected<Error>(next.error());
  const int64_t count = next->front().integer(0);
  if (count == 0) return 0;
  const int64_t until = next->front().integer(1);
  auto added = connection.execute(
      "INSERT INTO alerts_search (rowid, search_text) SELECT id, search_text FROM alerts "
      "WHERE id > (SELECT last_alert_id FROM search_state) AND id <= $1 ORDER BY id",
      {until});
  if (!added.ok()) return added;
  auto moved = connection.execute("UPDATE search_state SET last_alert_id = $1", {until});
  if (!moved.ok()) return moved;
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return count;
}

Result<int64_t> SearchIndex::behind() const {
  if (pool_.dialect() != sql::Dialect::kSqlite) return 0;
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT COALESCE((SELECT MAX(id) FROM alerts), 0) - last_alert_id FROM search_state");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return std::max<int64_t>(0, rows->front().integer(0));
}

Status SearchIndex::catch_up() {
  const auto lag = behind();
  if (!lag.ok()) return tl::unexpected<Error>(lag.error());
  if (*lag == 0 || *lag > kSoonDone) return {};
  const auto done = advance(kSoonDone);
  if (!done.ok()) return tl::unexpected<Error>(done.error());
  return {};
}

Status forget_words(sql::Connection& connection, const std::vector<int64_t>& alert_ids) {
  if (connection.dialect() != sql::Dialect::kSqlite) return {};
  const std::string list = sql::id_list(sql::Dialect::kSqlite, alert_ids);
  const auto forgotten = connection.execute(
      fmt::format("INSERT INTO alerts_search (alerts_search, rowid, search_text) "
                  "SELECT 'delete', a.id, a.search_text FROM alerts a WHERE {} AND a.id <= "
                  "(SELECT last_alert_id FROM search_state)",
                  sql::one_of(sql::Dialect::kSqlite, "a.id", 1)),
      {std::string_view(list)});
  if (!forgotten.ok()) return tl::unexpected<Error>(forgotten.error());
  return {};
}

}  // namespace sonde::store
