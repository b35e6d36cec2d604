// Policies for agents, by group. A version never changes; how far it is rolled out does. An agent
// gets the newest version of its group that is rolled out to it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/pool.h"

namespace sonde::store {

// Of the name of a group of agents: so long, of a-z, 0-9, - and _.
inline constexpr size_t kPolicyGroupBytes = 64;
bool is_policy_group(std::string_view name);

struct Policy {
  int64_t version = 0;  // grows over all groups
  std::string group;
  std::string document;  // YAML
  std::string comment;
  std::string author;
  int64_t created_ms = 0;
  int64_t percent = 0;              // of the agents, by their id
  std::vector<std::string> agents;  // beside those
  std::string bundle;               // what was signed
  std::string signature;
};

// Whether `policy` is rolled out to the agent. The same agents are among the first n percent of
// every policy, and stay so when n grows.
bool is_rolled_out(const Policy& policy, std::string_view agent_id);

class PolicyStore {
 public:
  explicit PolicyStore(Pool& pool) : pool_(pool) {}

  // Gives the version its number; `sign` fills in bundle and signature once that is known.
  Result<Policy> add(Policy policy, const std::function<Status(Policy&)>& sign);
  // Newest first, without documents; all groups where `group` is empty.
  Result<std::vector<Policy>> list(std::string_view group) const;
  Result<std::optional<Policy>> get(int64_t version) const;
  // False: there is no such version.
  Result<bool> roll_out(int64_t version, int64_t percent, const std::vector<std::string>& agents);
  Result<std::optional<Policy>> for_agent(std::string_view agent_id) const;
  // False: there is no such agent.
  Result<bool> set_group(std::string_view agent_id, std::string_view group);

 private:
  Pool& pool_;
};

}  // namespace sonde::store
