#include "collector/store/sql.h"

#include <utility>

#include <fmt/format.h>

namespace sonde::store::sql {

std::string id_list(Dialect dialect, std::span<const int64_t> ids) {
  return dialect == Dialect::kSqlite ? fmt::format("[{}]", fmt::join(ids, ","))
                                     : fmt::format("{{{}}}", fmt::join(ids, ","));
}

std::string one_of(Dialect dialect, std::string_view column, size_t n) {
  return dialect == Dialect::kSqlite
             ? fmt::format("{} IN (SELECT value FROM json_each(${}))", column, n)
             : fmt::format("{} = ANY(${}::bigint[])", column, n);
}

Result<Transaction> Transaction::begin(Connection& connection) {
  // IMMEDIATE takes SQLite's write lock at once: a reader that turns writer would fail instead.
  const Status begun =
      connection.script(connection.dialect() == Dialect::kSqlite ? "BEGIN IMMEDIATE" : "BEGIN");
  if (!begun.ok()) return tl::unexpected<Error>(begun.error());
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  // A failed rollback leaves a connection that reports its own death through alive().
  if (connection_) (void)connection_->script("ROLLBACK");
}

Status Transaction::commit() {
  Status committed = connection_->script("COMMIT");
  if (committed.ok()) connection_ = nullptr;
  return committed;
}

Result<std::unique_ptr<Connection>> connect(const std::string& url) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with(kSqlite)) return connect_sqlite(url.substr(kSqlite.size()));
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return connect_postgres(url);
  }
  return fail("store.url must begin with sqlite: or postgresql://");
}

}  // namespace sonde::store::sql
