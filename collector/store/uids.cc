#include "collector/store/uids.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "collector/store/key.h"

namespace sonde::store {
namespace {

constexpr size_t kFirstCapacity = size_t{1} << 20;
constexpr size_t kBitsPerKey = 6;

constexpr auto kColumns = std::to_array<sql::Column>({
    {"run", sql::Type::kInteger},
    {"hash", sql::Type::kInteger},
    {"id", sql::Type::kInteger},
});

// The runs there are, from `first` on. They may have gaps, so each is sought from the one before.
Result<std::vector<int64_t>> runs_from(sql::Connection& connection, int64_t first) {
  const auto rows = connection.query(
      "WITH RECURSIVE runs(run) AS (SELECT MIN(run) FROM alert_uids WHERE run >= $1 UNION ALL "
      "SELECT (SELECT MIN(u.run) FROM alert_uids u WHERE u.run > runs.run) FROM runs "
      "WHERE runs.run IS NOT NULL) SELECT run FROM runs WHERE run IS NOT NULL",
      {first});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<int64_t> runs;
  for (const sql::Row& row : *rows) runs.push_back(row.integer(0));
  return runs;
}

// Alerts that have one of these keys, as (id, uid).
Result<sql::Rows> find_keys(sql::Connection& connection, const std::vector<int64_t>& keys) {
  const auto runs = runs_from(connection, 0);
  if (!runs.ok()) return tl::unexpected<Error>(runs.error());
  if (runs->empty() || keys.empty()) return sql::Rows();
  const sql::Dialect dialect = connection.dialect();
  const std::string key_list = sql::id_list(dialect, keys);
  const std::string run_list = sql::id_list(dialect, *runs);
  return connection.query(
      dialect == sql::Dialect::kSqlite
          ? "SELECT a.id, a.uid FROM json_each($1) k CROSS JOIN json_each($2) r "
            "CROSS JOIN alert_uids u ON u.run = r.value AND u.hash = k.value "
            "CROSS JOIN alerts a ON a.id = u.id"
          : "SELECT a.id, a.uid FROM unnest($1::bigint[]) k CROSS JOIN unnest($2::bigint[]) r "
            "CROSS JOIN LATERAL (SELECT u.id FROM alert_uids u WHERE u.run = r AND u.hash = k "
            "LIMIT 8) u JOIN alerts a ON a.id = u.id",
      {std::string_view(key_list), std::string_view(run_list)});
}

}  // namespace

void UidFilter::grow(size_t keys) {
  const size_t capacity = std::max({kFirstCapacity, 2 * keys, blocks_.size() * kKeysPerBlock});
  blocks_.assign(capacity / kKeysPerBlock, Block{});
  keys_ = 0;
  newest_id_ = 0;
  pending_id_ = 0;
}

Status UidFilter::catch_up(sql::Connection& connection) {
  if (keys_ >= blocks_.size() * kKeysPerBlock) grow(keys_);  // none yet, or full
  const auto newest = connection.query("SELECT COALESCE(MAX(id), 0) FROM alerts");
  if (!newest.ok()) return tl::unexpected<Error>(newest.error());
  const int64_t until = newest->front().integer(0);
  const int64_t known = std::max(newest_id_, pending_id_);
  if (until <= known) return {};
  const auto runs = runs_from(connection, uid_run(known));
  if (!runs.ok()) return tl::unexpected<Error>(runs.error());
  const size_t most = keys_ + (runs->size() << 16);
  if (most > blocks_.size() * kKeysPerBlock) {
    grow(most);
    if (known != 0) return catch_up(connection);  // and reads all anew
  }
  for (const int64_t run : *runs) {
    const auto rows =
        connection.query("SELECT hash FROM alert_uids WHERE run = $1 AND id > $2", {run, known});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    for (const sql::Row& row : *rows) add(row.integer(0));
  }
  pending_id_ = until;
  return {};
}

void UidFilter::committed(int64_t newest_id) {
  newest_id_ = std::max({newest_id_, pending_id_, newest_id});
  pending_id_ = newest_id_;
}

// The upper half of the key chooses the block, its product with an odd constant the bits inside.
void UidFilter::add(int64_t key) {
  const auto bits = static_cast<uint64_t>(key);
  Block& block = blocks_[(bits >> 32) * blocks_.size() >> 32];
  uint64_t mixed = bits * 0x9E3779B97F4A7C15ULL;
  for (size_t i = 0; i < kBitsPerKey; ++i, mixed >>= 9) {
    block[mixed >> 6 & 7] |= uint64_t{1} << (mixed & 63);
  }
  ++keys_;
}

bool UidFilter::may_know(int64_t key) const {
  const auto bits = static_cast<uint64_t>(key);
  const Block& block = blocks_[(bits >> 32) * blocks_.size() >> 32];
  uint64_t mixed = bits * 0x9E3779B97F4A7C15ULL;
  for (size_t i = 0; i < kBitsPerKey; ++i, mixed >>= 9) {
    if ((block[mixed >> 6 & 7] >> (mixed & 63) & 1) == 0) return false;
  }
  return true;
}

Result<std::set<std::string, std::less<>>> stored_uids(sql::Connection& connection,
                                                       const std::vector<int64_t>& keys,
                                                       const UidFilter* filter) {
  std::vector<int64_t> asked;
  for (const int64_t key : keys) {
    if (filter == nullptr || filter->may_know(key)) asked.push_back(key);
  }
  std::set<std::string, std::less<>> stored;
  if (asked.empty()) return stored;
  const auto rows = find_keys(connection, asked);
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  for (const sql::Row& row : *rows) stored.insert(row.text(1));
  return stored;
}

Status note_uids(sql::Connection& connection, const std::vector<int64_t>& ids,
                 const std::vector<int64_t>& keys) {
  std::vector<std::tuple<int64_t, int64_t, int64_t>> entries;
  entries.reserve(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) entries.emplace_back(uid_run(ids[i]), keys[i], ids[i]);
  std::sort(entries.begin(), entries.end());  // neighbours share a page
  std::vector<sql::Param> cells;
  cells.reserve(entries.size() * kColumns.size());
  for (const auto& [run, key, id] : entries) {
    cells.emplace_back(run);
    cells.emplace_back(key);
    cells.emplace_back(id);
  }
  return connection.append_many({"alert_uids", kColumns}, cells);
}

Result<std::optional<int64_t>> id_of_uid(sql::Connection& connection, std::string_view uid) {
  const auto rows = find_keys(connection, {key_of(uid)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  for (const sql::Row& row : *rows) {
    if (row.text(1) == uid) return std::optional(row.integer(0));
  }
  return std::optional<int64_t>();
}

Status forget_uid(sql::Connection& connection, int64_t id, std::string_view uid) {
  const auto removed =
      connection.execute("DELETE FROM alert_uids WHERE run = $1 AND hash = $2 AND id = $3",
                         {uid_run(id), key_of(uid), id});
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  return {};
}

}  // namespace sonde::store
