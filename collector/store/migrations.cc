#include "collector/store/migrations.h"

#include <string>

#include <fmt/format.h>

#include "collector/store/schema.h"

namespace sonde::store {
namespace {

using sql::Dialect;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string in_dialect(const SchemaStep& step, Dialect dialect) {
  const bool sqlite = dialect == Dialect::kSqlite;
  std::string text(step.common);
  // AUTOINCREMENT: an id is never given twice, not even after retention removed the newest rows.
  replace_all(text, "@id@",
              sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT"
                     : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
  replace_all(text, "@int@", sqlite ? "INTEGER" : "BIGINT");
  replace_all(text, "@real@", sqlite ? "REAL" : "DOUBLE PRECISION");
  replace_all(text, "@clustered@", sqlite ? " WITHOUT ROWID" : "");
  replace_all(text, "@chr@", sqlite ? "char" : "chr");
  text += sqlite ? step.sqlite : step.postgres;
  return text;
}

// Inside the transaction, so that two replicas that start together take turns.
Result<int64_t> lock_and_read_version(sql::Connection& connection) {
  if (connection.dialect() == Dialect::kPostgres) {
    // The table may not exist yet, so the lock is an advisory one; the key spells "sonde".
    if (auto locked = connection.query("SELECT pg_advisory_xact_lock(495789269093)");
        !locked.ok()) {
      return tl::unexpected<Error>(locked.error());
    }
  }
  const Status created = connection.script(
      "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)");
  if (!created.ok()) return tl::unexpected<Error>(created.error());
  auto rows = connection.query("SELECT COALESCE(MAX(version), 0) FROM schema_version");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return (*rows)[0].integer(0);
}

// Answers the version after the step, or before it if there was nothing to do.
Result<int64_t> apply_next(sql::Connection& connection, int64_t until) {
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  const auto version = lock_and_read_version(connection);
  if (!version.ok()) return version;
  if (*version > latest_schema_version()) {
    return fail(fmt::format(
        "the store has schema version {}, this program knows {}: install a newer sonde-collector",
        *version, latest_schema_version()));
  }
  int64_t now_at = *version;
  if (now_at < until) {
    const SchemaStep& step = schema_steps()[static_cast<size_t>(now_at)];
    ++now_at;
    if (const Status applied = connection.script(in_dialect(step, connection.dialect()));
        !applied.ok()) {
      return fail(fmt::format("migration {}: {}", now_at, applied.error().message));
    }
    if (auto noted =
            connection.execute("INSERT INTO schema_version (version) VALUES ($1)", {now_at});
        !noted.ok()) {
      return tl::unexpected<Error>(noted.error());
    }
  }
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return now_at;
}

}  // namespace

int64_t latest_schema_version() { return static_cast<int64_t>(schema_steps().size()); }

Status migrate(sql::Connection& connection, int64_t until) {
  for (;;) {
    const auto version = apply_next(connection, until);
    if (!version.ok()) return tl::unexpected<Error>(version.error());
    if (*version >= until) return {};
  }
}

}  // namespace sonde::store
