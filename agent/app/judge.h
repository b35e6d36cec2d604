// From exchange to alerts: all detectors, then what repeats is merged, then OCSF.
// Not thread-safe: owned by the thread of a pipeline.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/alert/alert.h"
#include "agent/alert/deduplicator.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/config/config.h"
#include "agent/detect/engine.h"

namespace sonde::app {

// What the configuration says of the detectors; `key` is the fingerprints' (host_facts.h).
detect::EngineConfig engine_config(const config::Detect& config, const std::string& key);

class Judge {
 public:
  using AlertSink = std::function<void(alert::Alert&&)>;

  // `key` is the fingerprints' (host_facts.h). `host` is copied, `counters` borrowed.
  static Result<std::unique_ptr<Judge>> create(const config::Config& config, const std::string& key,
                                               const alert::HostFacts& host, Counters& counters);

  void inspect(const llm::Exchange& exchange, const AlertSink& alerts);

 private:
  Judge(const config::Config& config, const alert::HostFacts& host, Counters& counters);

  const config::Evidence evidence_;
  const alert::HostFacts host_;
  Counters& counters_;
  std::unique_ptr<detect::Engine> engine_;
  alert::Deduplicator deduplicator_;
};

}  // namespace sonde::app
