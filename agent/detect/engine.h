// All detectors over one exchange, in one call. Owned by a shard; not thread-safe.
// Deterministic: the same exchanges in the same order give the same findings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/detect/finding.h"
#include "agent/detect/policy.h"
#include "agent/llm/exchange.h"

namespace sonde::detect {

struct EngineConfig {
  // Indicator lists (plain text or CSV: one URL, domain, IP per line, '#' comments).
  std::vector<std::string> indicator_files;
  // Key of the fingerprints that stand for secrets; at least 16 bytes.
  std::string fingerprint_key;
  std::vector<std::string> disabled_alerts;
  // Addresses of anonymising networks and of known attackers, one a line.
  std::vector<std::string> tor_exit_files;
  std::vector<std::string> suspicious_ip_files;
  Policy policy;
  // Users' rules (docs/RULES.md).
  std::vector<std::string> rule_files;
};

struct Inspection {
  Scores scores;
  std::vector<Finding> findings;
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(const EngineConfig& config, const Limits& limits,
                                                Counters& counters);
  ~Engine();
  Inspection inspect(const llm::Exchange& exchange);
  // Judges a process by what its ancestors' conversations were ordered to do (tool.tainted_exec).
  // Cheap where no ancestor speaks to a model.
  std::vector<Finding> inspect_process(const llm::Process& process);

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::detect
