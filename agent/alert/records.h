// The other two records that agents send (collector/api/openapi.yaml): the metadata of an exchange,
// and a sign of life. Neither holds a text of a conversation.
#pragma once

#include <span>
#include <string>

#include "agent/alert/alert.h"
#include "agent/base/counters.h"

namespace sonde::alert {

// One process with a TLS stack: heard, or why not.
struct CoverageEntry {
  uint32_t pid = 0;
  std::string exe;
  std::string stack;  // "openssl", "boringssl", ...
  std::string version;
  std::string located_by;
  bool covered = false;
  std::string reason;    // why not
  bool in_scope = true;  // else: the operator does not want it heard
};

// The policy of the collector that holds, and why a later one does not.
struct PolicyState {
  std::string group;    // empty: none
  int64_t version = 0;  // 0: none
  int64_t refused_version = 0;
  std::string refused_because;
};

std::string make_activity(const llm::Exchange& exchange, const HostFacts& host);
std::string make_heartbeat(const HostFacts& host, const Counters& counters,
                           std::span<const CoverageEntry> coverage, const PolicyState& policy = {});

}  // namespace sonde::alert
