#include "collector/store/incident_digest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace sonde::store {
namespace {

constexpr std::string_view kAlert = "alert";
constexpr std::string_view kHost = "host";
constexpr std::string_view kApplication = "application";
constexpr int64_t kMostTypes = 500;
constexpr int64_t kMostNames = 20;

constexpr auto kDigestColumns = std::to_array<sql::Column>({
    {"incident_id", sql::Type::kInteger},
    {"dimension", sql::Type::kText},
    {"name", sql::Type::kText},
    {"amount", sql::Type::kInteger},
});

constexpr std::string_view kAddUp =
    "ON CONFLICT (incident_id, dimension, name) DO UPDATE SET amount = incident_digest.amount + "
    "excluded.amount";

Result<std::vector<std::pair<std::string, int64_t>>> read_dimension(sql::Connection& connection,
                                                                    int64_t incident_id,
                                                                    std::string_view dimension,
                                                                    int64_t limit) {
  const auto rows = connection.query(
      "SELECT name, amount FROM incident_digest WHERE incident_id = $1 AND dimension = $2 "
      "ORDER BY amount DESC, name LIMIT $3",
      {incident_id, dimension, limit});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<std::pair<std::string, int64_t>> names;
  for (const sql::Row& row : *rows) names.emplace_back(row.text(0), row.integer(1));
  return names;
}

}  // namespace

void DigestChange::add(std::string_view dimension, std::string_view name, int64_t amount) {
  if (!name.empty()) amounts_[{dimension, std::string(name)}] += amount;
}

void DigestChange::add(std::string_view alert, std::string_view host,
                       std::string_view application) {
  add(kAlert, alert, 1);
  add(kHost, host, 1);
  add(kApplication, application, 1);
}

void DigestChange::add(const DigestChange& other) {
  for (const auto& [key, amount] : other.amounts_) amounts_[key] += amount;
}

size_t DigestChange::hosts() const {
  return static_cast<size_t>(std::count_if(amounts_.begin(), amounts_.end(), [](const auto& entry) {
    return entry.first.first == "host";
  }));
}

Status DigestChange::write(sql::Connection& connection, int64_t incident_id) const {
  for (const auto& [key, amount] : amounts_) {
    const auto written = connection.execute(
        fmt::format("INSERT INTO incident_digest (incident_id, dimension, name, amount) VALUES "
                    "($1, $2, $3, $4) {}",
                    kAddUp),
        {incident_id, key.first, std::string_view(key.second), amount});
    if (!written.ok()) return tl::unexpected<Error>(written.error());
  }
  return {};
}

void DigestChange::append_cells(int64_t incident_id, std::vector<sql::Param>& cells) const {
  for (const auto& [key, amount] : amounts_) {
    cells.emplace_back(incident_id);
    cells.emplace_back(key.first);
    cells.emplace_back(std::string_view(key.second));
    cells.emplace_back(amount);
  }
}

Status append_digests(sql::Connection& connection, const std::vector<sql::Param>& cells) {
  return connection.append_many({"incident_digest", kDigestColumns}, cells);
}

Status merge_digests(sql::Connection& connection, int64_t into, int64_t from) {
  const auto added = connection.execute(
      fmt::format("INSERT INTO incident_digest (incident_id, dimension, name, amount) "
                  "SELECT CAST($1 AS BIGINT), dimension, name, amount FROM incident_digest "
                  "WHERE incident_id = $2 {}",
                  kAddUp),
      {into, from});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  const auto removed =
      connection.execute("DELETE FROM incident_digest WHERE incident_id = $1", {from});
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  return {};
}

Status rebuild_digest(sql::Connection& connection, int64_t incident_id) {
  const auto removed =
      connection.execute("DELETE FROM incident_digest WHERE incident_id = $1", {incident_id});
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  for (const std::string_view dimension : {kAlert, kHost, kApplication}) {
    const auto added = connection.execute(
        fmt::format("INSERT INTO incident_digest (incident_id, dimension, name, amount) "
                    "SELECT m.incident_id, '{0}', a.{0}, COUNT(*) FROM incident_alerts m "
                    "JOIN alerts a ON a.id = m.alert_id WHERE m.incident_id = $1 AND a.{0} <> '' "
                    "GROUP BY m.incident_id, a.{0}",
                    dimension),
        {incident_id});
    if (!added.ok()) return tl::unexpected<Error>(added.error());
  }
  return {};
}

Result<IncidentDigest> read_digest(sql::Connection& connection, int64_t incident_id) {
  IncidentDigest digest;
  auto types = read_dimension(connection, incident_id, kAlert, kMostTypes);
  if (!types.ok()) return tl::unexpected<Error>(types.error());
  digest.alerts_by_type.insert(types->begin(), types->end());
  for (auto [dimension, list] :
       {std::pair(kHost, &digest.hosts), std::pair(kApplication, &digest.applications)}) {
    auto names = read_dimension(connection, incident_id, dimension, kMostNames);
    if (!names.ok()) return tl::unexpected<Error>(names.error());
    for (auto& [name, amount] : *names) list->push_back(std::move(name));
  }
  return digest;
}

}  // namespace sonde::store
