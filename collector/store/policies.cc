#include "collector/store/policies.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "collector/store/secrets.h"

namespace sonde::store {
namespace {

constexpr size_t kListed = 500;
constexpr std::string_view kColumns =
    "id, policy_group, document, comment, author, created_ms, percent, agents, bundle, signature";

// Ids of agents hold no space (agent_id_problem).
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Policy read_policy(const sql::Row& row) {
  return {row.integer(0), row.text(1),    row.text(2),        row.text(3), row.text(4),
          row.integer(5), row.integer(6), split(row.text(7)), row.text(8), row.text(9)};
}

Result<std::vector<Policy>> read_all(sql::Connection& connection, const std::string& statement,
                                     std::initializer_list<sql::Param> params) {
  const auto rows = connection.query(statement, params);
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<Policy> policies;
  for (const sql::Row& row : *rows) policies.push_back(read_policy(row));
  return policies;
}

}  // namespace

bool is_policy_group(std::string_view name) {
  return !name.empty() && name.size() <= kPolicyGroupBytes &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == name.npos;
}

bool is_rolled_out(const Policy& policy, std::string_view agent_id) {
  if (std::find(policy.agents.begin(), policy.agents.end(), agent_id) != policy.agents.end()) {
    return true;
  }
  const std::string hash = sha256_hex(agent_id);
  return static_cast<int64_t>(std::stoul(hash.substr(0, 8), nullptr, 16) % 100) < policy.percent;
}

Result<Policy> PolicyStore::add(Policy policy, const std::function<Status(Policy&)>& sign) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  auto transaction = sql::Transaction::begin(**lease);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  const std::string agents = fmt::format("{}", fmt::join(policy.agents, " "));
  const auto rows = (*lease)->query(
      "INSERT INTO policies (policy_group, document, comment, author, created_ms, percent, agents) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
      {std::string_view(policy.group), std::string_view(policy.document),
       std::string_view(policy.comment), std::string_view(policy.author), policy.created_ms,
       policy.percent, std::string_view(agents)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  policy.version = rows->front().integer(0);
  if (const Status made = sign(policy); !made.ok()) return tl::unexpected<Error>(made.error());
  const auto updated = (*lease)->execute(
      "UPDATE policies SET bundle = $1, signature = $2 WHERE id = $3",
      {std::string_view(policy.bundle), std::string_view(policy.signature), policy.version});
  if (!updated.ok()) return tl::unexpected<Error>(updated.error());
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return policy;
}

Result<std::vector<Policy>> PolicyStore::list(std::string_view group) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto limit = static_cast<int64_t>(kListed);
  if (group.empty()) {
    return read_all(**lease,
                    fmt::format("SELECT {} FROM policies ORDER BY id DESC LIMIT $1", kColumns),
                    {limit});
  }
  return read_all(
      **lease,
      fmt::format("SELECT {} FROM policies WHERE policy_group = $1 ORDER BY id DESC LIMIT $2",
                  kColumns),
      {group, limit});
}

Result<std::optional<Policy>> PolicyStore::get(int64_t version) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  auto found =
      read_all(**lease, fmt::format("SELECT {} FROM policies WHERE id = $1", kColumns), {version});
  if (!found.ok()) return tl::unexpected<Error>(found.error());
  if (found->empty()) return std::optional<Policy>();
  return std::optional<Policy>(std::move(found->front()));
}

Result<bool> PolicyStore::roll_out(int64_t version, int64_t percent,
                                   const std::vector<std::string>& agents) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const std::string words = fmt::format("{}", fmt::join(agents, " "));
  const auto updated =
      (*lease)->execute("UPDATE policies SET percent = $1, agents = $2 WHERE id = $3",
                        {percent, std::string_view(words), version});
  if (!updated.ok()) return tl::unexpected<Error>(updated.error());
  return *updated > 0;
}

Result<std::optional<Policy>> PolicyStore::for_agent(std::string_view agent_id) const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  // An agent that has not sent a heartbeat yet belongs to the default group.
  auto versions = read_all(
      **lease,
      fmt::format("SELECT {} FROM policies WHERE policy_group = COALESCE((SELECT policy_group FROM "
                  "agents WHERE agent_id = $1), 'default') ORDER BY id DESC LIMIT $2",
                  kColumns),
      {agent_id, static_cast<int64_t>(kListed)});
  if (!versions.ok()) return tl::unexpected<Error>(versions.error());
  for (Policy& policy : *versions) {
    if (is_rolled_out(policy, agent_id)) return std::optional<Policy>(std::move(policy));
  }
  return std::optional<Policy>();
}

Result<bool> PolicyStore::set_group(std::string_view agent_id, std::string_view group) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto updated = (*lease)->execute("UPDATE agents SET policy_group = $1 WHERE agent_id = $2",
                                         {group, agent_id});
  if (!updated.ok()) return tl::unexpected<Error>(updated.error());
  return *updated > 0;
}

}  // namespace sonde::store
