// All detectors over one exchange, in one call. Owned by a shard; not thread-safe.
// Deterministic: the same exchanges in the same order give the same findings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/detect/baselines.h"
#include "agent/detect/finding.h"
#include "agent/detect/review.h"
#include "agent/detect/ruleset.h"
#include "agent/llm/exchange.h"

namespace sonde::detect {

struct Inspection {
  Scores scores;
  std::vector<Finding> findings;
  std::vector<ReviewCandidate> to_review;  // none unless set_review() was called
};

// What a process that an application started was found to do.
struct ProcessInspection {
  std::vector<Finding> findings;
  // The exchange that led to it, without its texts: who spoke, to which model, in which
  // conversation. Meaningful where there are findings.
  llm::Exchange exchange;
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(const EngineConfig& config, const Limits& limits,
                                                Counters& counters);
  ~Engine();
  Inspection inspect(const llm::Exchange& exchange);
  // What can be said of an answer that is still coming, of which `begun` holds the end: secrets,
  // canaries, invisible text, addresses. Places count from there. Only what more text would not
  // change, unless the answer `pauses`.
  std::vector<Finding> inspect_answer(const llm::Exchange& begun, bool pauses);
  // Judges a process by what its ancestors' conversations were ordered to do (tool.tainted_exec).
  // Cheap where no ancestor speaks to a model.
  ProcessInspection inspect_process(const llm::Process& process);

  // From now on inspections name the texts within the band.
  void set_review(const ReviewBand& band);

  // What is usual for each application: to be kept, and brought back after a restart.
  Baselines& baselines();

  // Exchanges lists, rules and policy, and gives back the old ones, which any thread may destroy.
  // What was learned stays.
  std::unique_ptr<Ruleset> exchange_ruleset(std::unique_ptr<Ruleset> ruleset);

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::detect
