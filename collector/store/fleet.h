// The agents: what they last said of themselves, what they hear, what is used on their hosts, and
// which of their credentials still count.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/envelope.h"
#include "collector/store/pool.h"

namespace sonde::store {

struct Agent {
  std::string agent_id;
  std::string hostname;
  std::string version;
  std::string kernel;
  int64_t started_ms = 0;
  int64_t last_seen_ms = 0;
  int64_t enrolled_ms = 0;
  std::optional<int64_t> revoked_ms;
  int64_t covered = 0;
  int64_t not_covered = 0;
  std::string counters;  // JSON object
  std::string coverage;  // JSON array
  std::string policy_group;
  int64_t policy_version = 0;  // that holds, as the agent says
  int64_t policy_refused = 0;  // a later one that it does not take
  std::string policy_trouble;  // and why
};

struct InventoryEntry {
  std::string kind;
  std::string name;
  std::string host;
  std::string agent_id;
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  int64_t exchanges = 0;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
};

struct RecordedActivity {
  size_t added = 0;
  std::vector<NewAlert> alerts;  // of the collector's own, made of what was added; not yet stored
};

class FleetStore {
 public:
  explicit FleetStore(Pool& pool) : pool_(pool) {}

  // Inside the caller's transaction.
  static Status record_heartbeat(sql::Connection& connection, const Heartbeat& heartbeat,
                                 int64_t now_ms);
  // A repeated record counts nothing twice.
  static Result<RecordedActivity> record_activity(sql::Connection& connection,
                                                  std::span<const Activity> activities);

  Result<std::vector<Agent>> agents() const;
  Result<std::optional<Agent>> agent(std::string_view agent_id) const;
  // When each agent was last heard, by its id.
  Result<std::map<std::string, int64_t>> last_seen() const;
  Result<std::vector<InventoryEntry>> inventory(std::string_view kind, std::string_view host,
                                                size_t limit) const;
  Result<int64_t> remove_activity_before(int64_t before_ms, size_t limit);

  // A one-time secret for the agent `agent_id`, replacing an unused one.
  Result<std::string> create_enrolment(std::string_view agent_id, int64_t now_ms,
                                       int64_t expires_ms);
  // A secret with which `uses` hosts can enrol, each under the id it asks for.
  Result<std::string> create_shared_enrolment(int64_t uses, int64_t now_ms, int64_t expires_ms);
  // The agent id; nullopt for a secret that is unknown, used up or too old. `asked` counts for a
  // shared secret only, and must be free: who holds such a secret cannot pass for another host.
  Result<std::optional<std::string>> redeem_enrolment(std::string_view secret,
                                                      std::string_view asked, int64_t now_ms);
  Status note_certificate(std::string_view fingerprint, std::string_view agent_id,
                          int64_t issued_ms, int64_t expires_ms);
  // Revokes the agent, all its certificates and tokens. An agent that was never seen is revoked
  // ahead of time; the answer is then false.
  Result<bool> revoke(std::string_view agent_id, int64_t now_ms);
  Result<bool> is_revoked(std::string_view agent_id, std::string_view fingerprint) const;

 private:
  Pool& pool_;
};

// "" if `agent_id` may be one, else why not.
std::string agent_id_problem(std::string_view agent_id);

}  // namespace sonde::store
