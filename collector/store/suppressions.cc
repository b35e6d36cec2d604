#include "collector/store/suppressions.h"

#include <algorithm>

namespace sonde::store {
namespace {

Result<std::vector<Suppression>> read_all(sql::Connection& connection) {
  const auto rows = connection.query(
      "SELECT id, alert, host, application, entity_type, entity_value, reason, author, created_ms, "
      "expires_ms, matched FROM suppressions ORDER BY id");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<Suppression> rules;
  for (const sql::Row& row : *rows) {
    Suppression rule{row.integer(0), row.text(1),  row.text(2),    row.text(3),
                     row.text(4),    row.text(5),  row.text(6),    row.text(7),
                     row.integer(8), std::nullopt, row.integer(10)};
    if (!row.is_null(9)) rule.expires_ms = row.integer(9);
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

bool matches(const Suppression& rule, const NewAlert& alert) {
  auto fits = [](const std::string& wanted, const std::string& value) {
    return wanted.empty() || wanted == value;
  };
  if (!fits(rule.alert, alert.alert) || !fits(rule.host, alert.host) ||
      !fits(rule.application, alert.application)) {
    return false;
  }
  if (rule.entity_type.empty()) return true;
  return std::find(alert.entities.begin(), alert.entities.end(),
                   Entity{rule.entity_type, rule.entity_value}) != alert.entities.end();
}

Status SuppressionStore::apply(sql::Connection& connection, std::span<NewAlert> alerts,
                               int64_t now_ms) {
  if (alerts.empty()) return {};
  const auto rules = read_all(connection);
  if (!rules.ok()) return tl::unexpected<Error>(rules.error());
  for (const Suppression& rule : *rules) {
    if (rule.expires_ms && *rule.expires_ms <= now_ms) continue;
    int64_t matched = 0;
    for (NewAlert& alert : alerts) {
      if (alert.status == WorkStatus::kSuppressed || !matches(rule, alert)) continue;
      alert.status = WorkStatus::kSuppressed;
      ++matched;
    }
    if (matched == 0) continue;
    const auto counted = connection.execute(
        "UPDATE suppressions SET matched = matched + $1 WHERE id = $2", {matched, rule.id});
    if (!counted.ok()) return tl::unexpected<Error>(counted.error());
  }
  return {};
}

Result<Suppression> SuppressionStore::add(Suppression rule) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "INSERT INTO suppressions (alert, host, application, entity_type, entity_value, reason, "
      "author, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
      {std::string_view(rule.alert), std::string_view(rule.host),
       std::string_view(rule.application), std::string_view(rule.entity_type),
       std::string_view(rule.entity_value), std::string_view(rule.reason),
       std::string_view(rule.author), rule.created_ms,
       rule.expires_ms ? sql::Param(*rule.expires_ms) : sql::Param(nullptr)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  rule.id = rows->front().integer(0);
  return rule;
}

Result<std::vector<Suppression>> SuppressionStore::list() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return read_all(**lease);
}

Result<bool> SuppressionStore::remove(int64_t id) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto removed = (*lease)->execute("DELETE FROM suppressions WHERE id = $1", {id});
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  return *removed > 0;
}

}  // namespace sonde::store
