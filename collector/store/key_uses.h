// Who uses an API key: what no single agent can see, because each hears one host only.
//
// Keys are told apart by the fingerprints that agents make with the key of the fleet; a fingerprint
// of a host's own key meets no other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"
#include "collector/store/envelope.h"
#include "collector/store/sql.h"

namespace sonde::store {

struct KeyUse {
  std::string application;
  std::string host;
  int64_t first_ms = 0;  // since 1970

  bool operator==(const KeyUse&) const = default;
};

enum class KeyReuse {
  kNone,
  kApplications,  // an application of another host uses it that none used before
  kHosts,         // one host used it for a day or longer, and now another does
};

// What a use seen now says beside those seen before. Replicas of one application that share a key
// from the start say nothing, and what happens on one host is told by its agent.
KeyReuse judge_key_use(std::span<const KeyUse> before, const KeyUse& now);

// Notes the uses of these activity records inside the caller's transaction, and makes an alert
// `access.key_reuse` of each that says something. Past 64 uses of one key nothing more is noted:
// that key is everybody's.
Result<std::vector<NewAlert>> note_key_uses(sql::Connection& connection,
                                            std::span<const Activity* const> activities);

}  // namespace sonde::store
