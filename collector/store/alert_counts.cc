#include "collector/store/alert_counts.h"

namespace sonde::store {
namespace {

int64_t round_up(int64_t time_ms) { return (time_ms + kHourMs - 1) / kHourMs * kHourMs; }
int64_t round_down(int64_t time_ms) { return time_ms / kHourMs * kHourMs; }

}  // namespace

void CountChanges::add(int64_t hour, std::string_view dimension, std::string_view name,
                       int64_t amount) {
  amounts_[{hour, dimension, std::string(name)}] += amount;
}

void CountChanges::add(int64_t time_ms, std::string_view alert, Severity severity,
                       WorkStatus status, std::string_view application, std::string_view model,
                       std::string_view host, int64_t amount) {
  const int64_t hour = round_down(time_ms);
  add(hour, "status", to_string(status), amount);
  if (status == WorkStatus::kSuppressed) return;
  add(hour, "severity", to_string(severity), amount);
  add(hour, "alert", alert, amount);
  if (!application.empty()) add(hour, "application", application, amount);
  if (!model.empty()) add(hour, "model", model, amount);
  if (!host.empty()) add(hour, "host", host, amount);
}

Status CountChanges::write(sql::Connection& connection) const {
  // In key order on every replica, so that two transactions never wait for each other in a circle.
  for (const auto& [key, amount] : amounts_) {
    if (amount == 0) continue;
    const auto& [hour, dimension, name] = key;
    const auto written = connection.execute(
        "INSERT INTO alert_counts (hour_ms, dimension, name, amount) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (dimension, hour_ms, name) DO UPDATE SET amount = alert_counts.amount + "
        "excluded.amount",
        {hour, dimension, std::string_view(name), amount});
    if (!written.ok()) return tl::unexpected<Error>(written.error());
  }
  return {};
}

Result<std::vector<NamedCount>> count_by(Pool& pool, std::string_view dimension, int64_t since_ms,
                                         int64_t until_ms, size_t limit) {
  auto lease = pool.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT name, CAST(SUM(amount) AS BIGINT) AS total FROM alert_counts "
      "WHERE hour_ms >= $1 AND hour_ms < $2 AND dimension = $3 "
      "GROUP BY name HAVING SUM(amount) > 0 ORDER BY total DESC, name LIMIT $4",
      {round_down(since_ms), round_up(until_ms), dimension, static_cast<int64_t>(limit)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<NamedCount> counts;
  for (const sql::Row& row : *rows) counts.push_back({row.text(0), row.integer(1)});
  return counts;
}

Result<std::vector<HourCount>> severity_by_hour(Pool& pool, int64_t since_ms, int64_t until_ms) {
  auto lease = pool.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT hour_ms, name, amount FROM alert_counts "
      "WHERE hour_ms >= $1 AND hour_ms < $2 AND dimension = 'severity' AND amount > 0 "
      "ORDER BY hour_ms, name",
      {round_down(since_ms), round_up(until_ms)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<HourCount> counts;
  for (const sql::Row& row : *rows) {
    counts.push_back({row.integer(0), row.text(1), row.integer(2)});
  }
  return counts;
}

}  // namespace sonde::store
