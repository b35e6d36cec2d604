#include "collector/app/policy_commands.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agent/config/policy.h"
#include "collector/app/command_parts.h"
#include "collector/app/policy_key.h"
#include "collector/store/fleet.h"
#include "collector/store/policies.h"

namespace sonde::collector {
namespace {

Result<std::string> read_document(const PolicyRequest& request) {
  std::ifstream file(request.file);
  if (!file) return fail(fmt::format("cannot read '{}'", request.file));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto policy = config::parse_policy(text, request.file);
  if (!policy.ok()) return tl::unexpected<Error>(policy.error());
  return text;
}

Status publish(store::Pool& pool, const std::string& key, store::Policy policy,
               const std::string& action) {
  policy.author = local_actor();
  policy.created_ms = wall_ms();
  const auto added =
      store::PolicyStore(pool).add(std::move(policy), [&](store::Policy& made) -> Status {
        const auto made_signed =
            config::sign_policy({made.group, made.version, made.document}, key);
        if (!made_signed.ok()) return tl::unexpected<Error>(made_signed.error());
        made.bundle = made_signed->bundle;
        made.signature = made_signed->signature;
        return {};
      });
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  fmt::print("{}\n", added->version);
  return audit(pool, action, std::to_string(added->version));
}

Result<std::string> signing_key(const Config& config) {
  auto key = policy_signing_key(config);
  if (key.ok() && key->empty())
    return fail("this collector signs no policies: policy.signing_key is not set");
  return key;
}

Result<store::Policy> known(store::Pool& pool, int64_t version) {
  auto found = store::PolicyStore(pool).get(version);
  if (!found.ok()) return tl::unexpected<Error>(found.error());
  if (!*found) return fail(fmt::format("there is no policy {}", version));
  return std::move(**found);
}

std::string reach_of(const store::Policy& policy) {
  if (policy.agents.empty()) return fmt::format("{} %", policy.percent);
  return fmt::format("{} % and {}", policy.percent, fmt::join(policy.agents, ", "));
}

}  // namespace

Status policy_check(const PolicyRequest& request) {
  const auto document = read_document(request);
  if (!document.ok()) return tl::unexpected<Error>(document.error());
  fmt::print("{}: good\n", request.file);
  return {};
}

Status policy_publish(const Config& config, const PolicyRequest& request) {
  if (!store::is_policy_group(request.group)) return fail("a group is of a-z, 0-9, - and _");
  auto document = read_document(request);
  if (!document.ok()) return tl::unexpected<Error>(document.error());
  const auto key = signing_key(config);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  store::Policy policy;
  policy.group = request.group;
  policy.document = std::move(*document);
  policy.comment = request.comment;
  policy.percent = request.percent;
  policy.agents = request.agents;
  return publish(**pool, *key, std::move(policy), "policy.add");
}

Status policy_list(const Config& config, const PolicyRequest& request) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto policies = store::PolicyStore(**pool).list(request.group);
  if (!policies.ok()) return tl::unexpected<Error>(policies.error());
  fmt::print("{:<8} {:<16} {:<21} {:<12} {:<14} {}\n", "VERSION", "GROUP", "PUBLISHED", "BY",
             "ROLLED OUT", "COMMENT");
  for (const store::Policy& policy : *policies) {
    fmt::print("{:<8} {:<16} {:<21} {:<12} {:<14} {}\n", policy.version, policy.group,
               when(policy.created_ms), policy.author, reach_of(policy), policy.comment);
  }
  return {};
}

Status policy_show(const Config& config, const PolicyRequest& request) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto policy = known(**pool, request.version);
  if (!policy.ok()) return tl::unexpected<Error>(policy.error());
  const auto agents = store::FleetStore(**pool).agents();
  if (!agents.ok()) return tl::unexpected<Error>(agents.error());
  fmt::print("{}\n{:<24} {:<12} {:<8} {}\n", policy->document, "AGENT", "ROLLED OUT", "RUNS",
             "REFUSED BECAUSE");
  for (const store::Agent& agent : *agents) {
    if (agent.revoked_ms || agent.policy_group != policy->group) continue;
    fmt::print("{:<24} {:<12} {:<8} {}\n", agent.agent_id,
               store::is_rolled_out(*policy, agent.agent_id) ? "yes" : "no", agent.policy_version,
               agent.policy_refused == policy->version ? agent.policy_trouble : "");
  }
  return {};
}

Status policy_roll_out(const Config& config, const PolicyRequest& request) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto changed =
      store::PolicyStore(**pool).roll_out(request.version, request.percent, request.agents);
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  if (!*changed) return fail(fmt::format("there is no policy {}", request.version));
  return audit(**pool, "policy.roll_out", std::to_string(request.version));
}

Status policy_roll_back(const Config& config, const PolicyRequest& request) {
  const auto key = signing_key(config);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  auto policy = known(**pool, request.version);
  if (!policy.ok()) return tl::unexpected<Error>(policy.error());
  policy->comment = fmt::format("back to version {}", request.version);
  policy->percent = 100;
  policy->agents.clear();
  return publish(**pool, *key, std::move(*policy), "policy.roll_back");
}

}  // namespace sonde::collector
