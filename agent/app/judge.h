// From exchange to alerts: all detectors, then what repeats is merged, then OCSF.
// Not thread-safe: owned by the thread of a pipeline.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/alert/alert.h"
#include "agent/alert/deduplicator.h"
#include "agent/alert/suppression.h"
#include "agent/app/pipeline.h"
#include "agent/app/remote/taxii.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/config/config.h"
#include "agent/detect/engine.h"
#include "agent/detect/lru_map.h"

namespace sonde::app {

// What the configuration says of the detectors; `key` is the fingerprints' (host_facts.h).
detect::EngineConfig engine_config(const config::Config& config, const std::string& key);

// The collections of the configuration, with their lists in the state directory.
std::vector<TaxiiConfig> taxii_configs(const config::Config& config);

class Judge {
 public:
  using AlertSink = std::function<void(alert::Alert&&)>;

  // `key` is the fingerprints' (host_facts.h). `host` is copied, `counters` borrowed.
  static Result<std::unique_ptr<Judge>> create(const config::Config& config, const std::string& key,
                                               const alert::HostFacts& host, Counters& counters);

  void inspect(const llm::Exchange& exchange, const AlertSink& alerts);
  // An answer that is still coming. What is found is not raised again when the exchange is whole.
  void inspect_answer(const llm::Exchange& begun, const Pipeline::Growth& growth,
                      const AlertSink& alerts);
  // A process was started: by an application that was told to, perhaps.
  void inspect_process(const llm::Process& process, WallTime now, const AlertSink& alerts);

  // A finding that is not of the engine, about an exchange or whoever it names.
  void raise(detect::Finding&& finding, const llm::Exchange& exchange, const AlertSink& alerts) {
    raise(finding, exchange, exchange.start_time, alerts);
  }

  // From now on texts whose local score lies in the band are handed to `review` too, after the
  // alerts of their exchange.
  using Review = std::function<void(detect::ReviewCandidate&&, const llm::Exchange&)>;
  void set_review(const detect::ReviewBand& band, Review review);

  // Findings that each suppression kept back. Any thread may ask.
  std::map<std::string, uint64_t> suppressed() const { return suppressed_.all(); }

  // What is usual for each application (detect/baselines.h), as text, and back.
  std::string baselines() const { return engine_->baselines().serialise(); }
  Status restore_baselines(std::string_view text) { return engine_->baselines().restore(text); }

  // What a reload exchanges. Loaded on any thread; what was learned stays.
  struct Update {
    config::Evidence evidence = config::Evidence::kSegment;
    std::chrono::seconds merge_window{};
    alert::Suppressions suppressions;
    std::unique_ptr<detect::Ruleset> ruleset;
  };
  static Result<Update> prepare(const config::Config& config, const std::string& key);
  // Afterwards `update` holds what was in force before: destroying it takes time, and any thread
  // may do that.
  void exchange(Update& update);

 private:
  Judge(const config::Config& config, const alert::HostFacts& host, Counters& counters);
  void raise(detect::Finding& finding, const llm::Exchange& exchange, WallTime now,
             const AlertSink& alerts);
  bool inspect_started(const llm::Process& process, WallTime now, const AlertSink& alerts);

  // A process that was started while the answer that told to was still on its way.
  struct Started {
    llm::Process process;
    WallTime time;
  };
  static constexpr size_t kStarted = 256;

  config::Evidence evidence_;
  const alert::HostFacts host_;
  Counters& counters_;
  std::unique_ptr<detect::Engine> engine_;
  alert::Deduplicator deduplicator_;
  alert::Suppressions suppressions_;
  alert::SuppressionCounts suppressed_;
  Review review_;
  // Of exchanges whose answers are still coming, by their ids: what was raised already.
  static constexpr size_t kBegun = 1024;
  detect::LruMap<std::vector<std::string>> told_{kBegun};
  std::deque<Started> started_;  // oldest first
};

}  // namespace sonde::app
