#include "collector/store/audit.h"

#include <limits>

namespace sonde::store {

Status AuditStore::add(const AuditEntry& entry) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto added = (*lease)->execute(
      "INSERT INTO audit (time_ms, actor, action, object, detail, source) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {entry.time_ms, std::string_view(entry.actor), std::string_view(entry.action),
       std::string_view(entry.object), std::string_view(entry.detail),
       std::string_view(entry.source)});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  return {};
}

Result<std::vector<AuditEntry>> AuditStore::list(std::string_view actor, std::string_view object,
                                                 std::optional<int64_t> before_id,
                                                 size_t limit) const {
  std::string statement =
      "SELECT id, time_ms, actor, action, object, detail, source FROM audit WHERE id < $1";
  std::vector<sql::Param> params = {before_id.value_or(std::numeric_limits<int64_t>::max())};
  if (!actor.empty()) {
    params.emplace_back(actor);
    const std::string number = std::to_string(params.size());
    statement += " AND (actor = $" + number + " OR actor = 'user:' || $" + number + ")";
  }
  if (!object.empty()) {
    params.emplace_back(object);
    statement += " AND object = $" + std::to_string(params.size());
  }
  params.emplace_back(static_cast<int64_t>(limit));
  statement += " ORDER BY id DESC LIMIT $" + std::to_string(params.size());
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(statement, sql::Params(params));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<AuditEntry> entries;
  for (const sql::Row& row : *rows) {
    entries.push_back({row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4),
                       row.text(5), row.text(6)});
  }
  return entries;
}

Result<int64_t> AuditStore::remove_before(int64_t before_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return (*lease)->execute("DELETE FROM audit WHERE time_ms < $1", {before_ms});
}

}  // namespace sonde::store
