// A finding that leaves the host: an OCSF Detection Finding (class 2004, profile ai_operation) as
// JSON. docs/alert.schema.json is the contract.
#pragma once

#include <cstdint>
#include <string>

#include "agent/detect/finding.h"
#include "agent/llm/exchange.h"

namespace sonde::alert {

// What every record of this host carries. Owned by the app; does not change while the agent runs.
struct HostFacts {
  std::string agent_id;  // as the collector knows it: certificate's common name, or token's name
  std::string hostname;
  std::string machine_id;     // /etc/machine-id
  std::string os_name;        // PRETTY_NAME of os-release
  std::string kernel;         // uname -r
  std::string version;        // of Sonde
  int64_t started_at_ms = 0;  // Unix time of the agent's start
};

struct Alert {
  std::string uid;  // 32 hexadecimal digits
  detect::Severity severity = detect::Severity::kMedium;
  std::string json;  // one line, UTF-8, no newline
};

// The uid is a hash of agent, exchange, alert name, subtype and place, so that the same finding
// delivered twice is one alert. Strings that are not UTF-8 get U+FFFD where they are not.
// `repeated` counts the equal findings that the deduplicator merged before this one.
Alert make_alert(const detect::Finding& finding, const llm::Exchange& exchange,
                 const HostFacts& host, uint64_t repeated = 0);

// The application an exchange belongs to: the name it gives itself, else that of the executable,
// and of the script where that is an interpreter: "node app.js".
std::string application_of(const llm::Exchange& exchange);

}  // namespace sonde::alert
