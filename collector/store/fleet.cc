#include "collector/store/fleet.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "collector/store/key_uses.h"
#include "collector/store/secrets.h"

namespace sonde::store {
namespace {

using sql::Column;
using sql::Type;

constexpr std::string_view kAnyAgent = "*";  // no agent id: agent_id_problem()

constexpr auto kActivityColumns = std::to_array<Column>({
    {"exchange_id", Type::kText},
    {"time_ms", Type::kInteger},
    {"agent_id", Type::kText},
    {"host", Type::kText},
    {"record", Type::kText},
});

constexpr std::string_view kAgentColumns =
    "agent_id, hostname, version, kernel, started_ms, last_seen_ms, enrolled_ms, revoked_ms, "
    "covered, not_covered, counters, coverage, policy_group, policy_version, policy_refused, "
    "policy_trouble";

Agent read_agent(const sql::Row& row) {
  Agent agent;
  agent.agent_id = row.text(0);
  agent.hostname = row.text(1);
  agent.version = row.text(2);
  agent.kernel = row.text(3);
  agent.started_ms = row.integer(4);
  agent.last_seen_ms = row.integer(5);
  agent.enrolled_ms = row.integer(6);
  if (!row.is_null(7)) agent.revoked_ms = row.integer(7);
  agent.covered = row.integer(8);
  agent.not_covered = row.integer(9);
  agent.counters = row.text(10);
  agent.coverage = row.text(11);
  agent.policy_group = row.text(12);
  agent.policy_version = row.integer(13);
  agent.policy_refused = row.integer(14);
  agent.policy_trouble = row.text(15);
  return agent;
}

// What one batch adds to one row of the inventory.
struct Added {
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  int64_t exchanges = 0;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
};
// kind, name, host, agent id
using InventoryKey = std::tuple<std::string, std::string, std::string, std::string>;

void count_uses(const Activity& activity, std::map<InventoryKey, Added>& totals) {
  for (const Usage& use : activity.uses) {
    Added& added = totals[{use.kind, use.name, activity.host, activity.agent_id}];
    added.first_ms =
        added.exchanges ? std::min(added.first_ms, activity.time_ms) : activity.time_ms;
    added.last_ms = std::max(added.last_ms, activity.time_ms);
    added.exchanges += 1;
    added.input_tokens += activity.input_tokens;
    added.output_tokens += activity.output_tokens;
  }
}

Status add_to_inventory(sql::Connection& connection, const InventoryKey& key, const Added& added) {
  const auto& [kind, name, host, agent] = key;
  const auto written = connection.execute(
      "INSERT INTO inventory (kind, name, host, agent_id, first_ms, last_ms, exchanges, "
      "input_tokens, output_tokens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
      "ON CONFLICT (kind, name, host, agent_id) DO UPDATE SET "
      "first_ms = CASE WHEN excluded.first_ms < inventory.first_ms THEN excluded.first_ms "
      "ELSE inventory.first_ms END, "
      "last_ms = CASE WHEN excluded.last_ms > inventory.last_ms THEN excluded.last_ms "
      "ELSE inventory.last_ms END, "
      "exchanges = inventory.exchanges + excluded.exchanges, "
      "input_tokens = inventory.input_tokens + excluded.input_tokens, "
      "output_tokens = inventory.output_tokens + excluded.output_tokens",
      {std::string_view(kind), std::string_view(name), std::string_view(host),
       std::string_view(agent), added.first_ms, added.last_ms, added.exchanges, added.input_tokens,
       added.output_tokens});
  if (!written.ok()) return tl::unexpected<Error>(written.error());
  return {};
}

}  // namespace

std::string agent_id_problem(std::string_view agent_id) {
  const bool plain = std::all_of(agent_id.begin(), agent_id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == ':';
  });
  if (agent_id.empty() || agent_id.size() > 128 || !plain) {
    return "an agent id has 1 to 128 letters, digits or . _ - :";
  }
  return {};
}

Status FleetStore::record_heartbeat(sql::Connection& connection, const Heartbeat& heartbeat,
                                    int64_t now_ms) {
  const auto written = connection.execute(
      "INSERT INTO agents (agent_id, hostname, version, kernel, started_ms, last_seen_ms, covered, "
      "not_covered, counters, coverage, policy_version, policy_refused, policy_trouble) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
      "ON CONFLICT (agent_id) DO UPDATE SET hostname = excluded.hostname, "
      "version = excluded.version, kernel = excluded.kernel, started_ms = excluded.started_ms, "
      "last_seen_ms = excluded.last_seen_ms, covered = excluded.covered, "
      "not_covered = excluded.not_covered, counters = excluded.counters, "
      "coverage = excluded.coverage, policy_version = excluded.policy_version, "
      "policy_refused = excluded.policy_refused, policy_trouble = excluded.policy_trouble",
      {std::string_view(heartbeat.agent_id), std::string_view(heartbeat.hostname),
       std::string_view(heartbeat.version), std::string_view(heartbeat.kernel),
       heartbeat.started_ms, now_ms, heartbeat.covered, heartbeat.not_covered,
       std::string_view(heartbeat.counters), std::string_view(heartbeat.coverage),
       heartbeat.policy_version, heartbeat.policy_refused,
       std::string_view(heartbeat.policy_trouble)});
  if (!written.ok()) return tl::unexpected<Error>(written.error());
  return {};
}

Result<RecordedActivity> FleetStore::record_activity(sql::Connection& connection,
                                                     std::span<const Activity> activities) {
  if (activities.empty()) return RecordedActivity{};
  std::vector<sql::Param> cells;
  cells.reserve(activities.size() * kActivityColumns.size());
  for (const Activity& activity : activities) {
    cells.emplace_back(std::string_view(activity.exchange_id));
    cells.emplace_back(activity.time_ms);
    cells.emplace_back(std::string_view(activity.agent_id));
    cells.emplace_back(std::string_view(activity.host));
    cells.emplace_back(std::string_view(activity.record));
  }
  const auto ids = connection.insert_many({"activity", kActivityColumns, 0}, cells);
  if (!ids.ok()) return tl::unexpected<Error>(ids.error());
  std::map<InventoryKey, Added> totals;
  std::vector<const Activity*> added;
  for (size_t i = 0; i < activities.size(); ++i) {
    if ((*ids)[i] == 0) continue;
    added.push_back(&activities[i]);
    count_uses(activities[i], totals);
  }
  for (const auto& [key, amount] : totals) {
    if (const auto written = add_to_inventory(connection, key, amount); !written.ok()) {
      return tl::unexpected<Error>(written.error());
    }
  }
  auto alerts = note_key_uses(connection, added);
  if (!alerts.ok()) return tl::unexpected<Error>(alerts.error());
  return RecordedActivity{added.size(), std::move(*alerts)};
}

Result<std::vector<Agent>> FleetStore::agents() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows =
      (*lease)->query(fmt::format("SELECT {} FROM agents ORDER BY agent_id", kAgentColumns));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<Agent> agents;
  for (const sql::Row& row : *rows) agents.push_back(read_agent(row));
  return agents;
}

Result<std::map<std::string, int64_t>> FleetStore::last_seen() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query("SELECT agent_id, last_seen_ms FROM agents");
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::map<std::string, int64_t> seen;
  for (const sql::Row& row : *rows) seen.emplace(row.text(0), row.integer(1));
  return seen;
}

Result<std::optional<Agent>> FleetStore::agent(std::string_view agent_id) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      fmt::format("SELECT {} FROM agents WHERE agent_id = $1", kAgentColumns), {agent_id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<Agent>();
  return std::optional<Agent>(read_agent(rows->front()));
}

Result<std::vector<InventoryEntry>> FleetStore::inventory(std::string_view kind,
                                                          std::string_view host,
                                                          size_t limit) const {
  std::string statement =
      "SELECT kind, name, host, agent_id, first_ms, last_ms, exchanges, input_tokens, "
      "output_tokens FROM inventory WHERE exchanges > $1";
  std::vector<sql::Param> params = {int64_t{0}};
  for (const auto& [column, value] :
       {std::pair(" AND kind = $", kind), std::pair(" AND host = $", host)}) {
    if (value.empty()) continue;
    params.emplace_back(value);
    statement += column + std::to_string(params.size());
  }
  params.emplace_back(static_cast<int64_t>(limit));
  statement += " ORDER BY exchanges DESC, kind, name, host, agent_id LIMIT $" +
               std::to_string(params.size());
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(statement, sql::Params(params));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<InventoryEntry> entries;
  for (const sql::Row& row : *rows) {
    entries.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4),
                       row.integer(5), row.integer(6), row.integer(7), row.integer(8)});
  }
  return entries;
}

Result<int64_t> FleetStore::remove_activity_before(int64_t before_ms, size_t limit) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return (*lease)->execute(
      "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE time_ms < $1 "
      "ORDER BY time_ms LIMIT $2)",
      {before_ms, static_cast<int64_t>(limit)});
}

Result<std::string> FleetStore::create_enrolment(std::string_view agent_id, int64_t now_ms,
                                                 int64_t expires_ms) {
  if (const std::string problem = agent_id_problem(agent_id); !problem.empty()) {
    return fail(problem);
  }
  std::string secret = "sonde_enrol_" + random_secret();
  const std::string hash = sha256_hex(secret);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  auto transaction = sql::Transaction::begin(**lease);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  const auto dropped = (*lease)->execute("DELETE FROM enrolments WHERE agent_id = $1", {agent_id});
  if (!dropped.ok()) return tl::unexpected<Error>(dropped.error());
  const auto added = (*lease)->execute(
      "INSERT INTO enrolments (token_hash, agent_id, created_ms, expires_ms) "
      "VALUES ($1, $2, $3, $4)",
      {std::string_view(hash), agent_id, now_ms, expires_ms});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return secret;
}

Result<std::string> FleetStore::create_shared_enrolment(int64_t uses, int64_t now_ms,
                                                        int64_t expires_ms) {
  std::string secret = "sonde_enrol_" + random_secret();
  const std::string hash = sha256_hex(secret);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto added = (*lease)->execute(
      "INSERT INTO enrolments (token_hash, agent_id, created_ms, expires_ms, uses_left) "
      "VALUES ($1, $2, $3, $4, $5)",
      {std::string_view(hash), kAnyAgent, now_ms, expires_ms, uses});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  return secret;
}

Result<std::optional<std::string>> FleetStore::redeem_enrolment(std::string_view secret,
                                                                std::string_view asked,
                                                                int64_t now_ms) {
  const std::string hash = sha256_hex(secret);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  auto transaction = sql::Transaction::begin(**lease);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  // One statement takes it, so that of two who come together only one gets the last use.
  const auto rows = (*lease)->query(
      "UPDATE enrolments SET used_ms = $1, uses_left = uses_left - 1 WHERE token_hash = $2 "
      "AND uses_left > 0 AND expires_ms > $3 RETURNING agent_id",
      {now_ms, std::string_view(hash), now_ms});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<std::string>();
  const bool shared = rows->front().text(0) == kAnyAgent;
  const std::string agent_id = shared ? std::string(asked) : rows->front().text(0);
  if (shared && !agent_id_problem(agent_id).empty()) return std::optional<std::string>();
  // Enrolling again is how a revoked agent comes back, with a secret of its own.
  const auto known = (*lease)->execute(
      fmt::format(
          "INSERT INTO agents (agent_id, enrolled_ms) VALUES ($1, $2) ON CONFLICT (agent_id) "
          "DO {}",
          shared ? "NOTHING"
                 : "UPDATE SET enrolled_ms = excluded.enrolled_ms, "
                   "revoked_ms = NULL"),
      {std::string_view(agent_id), now_ms});
  if (!known.ok()) return tl::unexpected<Error>(known.error());
  if (*known == 0) return std::optional<std::string>();  // rolled back: the use is not lost
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return std::optional<std::string>(agent_id);
}

Status FleetStore::note_certificate(std::string_view fingerprint, std::string_view agent_id,
                                    int64_t issued_ms, int64_t expires_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto noted = (*lease)->execute(
      "INSERT INTO certificates (fingerprint, agent_id, issued_ms, expires_ms) "
      "VALUES ($1, $2, $3, $4)",
      {fingerprint, agent_id, issued_ms, expires_ms});
  if (!noted.ok()) return tl::unexpected<Error>(noted.error());
  return {};
}

Result<bool> FleetStore::revoke(std::string_view agent_id, int64_t now_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  auto transaction = sql::Transaction::begin(**lease);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  const auto agent = (*lease)->execute("UPDATE agents SET revoked_ms = $1 WHERE agent_id = $2",
                                       {now_ms, agent_id});
  if (!agent.ok()) return tl::unexpected<Error>(agent.error());
  const auto certificates = (*lease)->execute(
      "UPDATE certificates SET revoked_ms = $1 WHERE agent_id = $2 AND revoked_ms IS NULL",
      {now_ms, agent_id});
  if (!certificates.ok()) return tl::unexpected<Error>(certificates.error());
  const auto tokens =
      (*lease)->execute("DELETE FROM tokens WHERE role = 'agent' AND name = $1", {agent_id});
  if (!tokens.ok()) return tl::unexpected<Error>(tokens.error());
  const auto enrolments =
      (*lease)->execute("DELETE FROM enrolments WHERE agent_id = $1", {agent_id});
  if (!enrolments.ok()) return tl::unexpected<Error>(enrolments.error());
  const bool known = *agent + *certificates + *tokens + *enrolments > 0;
  if (*agent == 0) {
    const auto noted = (*lease)->execute(
        "INSERT INTO agents (agent_id, revoked_ms) VALUES ($1, $2)", {agent_id, now_ms});
    if (!noted.ok()) return tl::unexpected<Error>(noted.error());
  }
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return known;
}

Result<bool> FleetStore::is_revoked(std::string_view agent_id, std::string_view fingerprint) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "SELECT 1 FROM agents WHERE agent_id = $1 AND revoked_ms IS NOT NULL "
      "UNION ALL SELECT 1 FROM certificates WHERE fingerprint = $2 AND revoked_ms IS NOT NULL",
      {agent_id, fingerprint});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return !rows->empty();
}

}  // namespace sonde::store
