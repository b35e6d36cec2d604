// The agent's daemon: wires capture, pipeline, detectors and sinks, and looks after them.
//
// Threads: the main one (signals, heartbeats, watchdog), the attacher and the ring reader of
// LiveCapture, one that runs pipeline and detectors, one for each sink, one each for feeds, for
// what is asked of the collector, and for each remote judge.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "agent/alert/records.h"
#include "agent/app/baseline_keeper.h"
#include "agent/app/delivery.h"
#include "agent/app/fleet_client.h"
#include "agent/app/host_watch.h"
#include "agent/app/judge.h"
#include "agent/app/live_capture.h"
#include "agent/app/pipeline.h"
#include "agent/app/policy_keeper.h"
#include "agent/app/remote/feeds.h"
#include "agent/app/remote/remote_judges.h"
#include "agent/app/scope.h"
#include "agent/app/self_monitor.h"
#include "agent/app/self_test.h"
#include "agent/app/service/inventory.h"
#include "agent/app/service/metrics.h"
#include "agent/app/service/metrics_server.h"
#include "agent/config/config.h"

namespace sonde::app {

class Agent {
 public:
  Agent(config::Layers layers, config::Config config)
      : layers_(std::move(layers)), config_(std::move(config)) {}

  Status start();
  void run();
  void stop();

 private:
  // What SIGHUP can exchange while the agent runs.
  struct Policy {
    Judge::Update judge;  // in the policy in force: what was in force before
    Scope scope;
    bool activity = true;
    std::string key;  // of the fingerprints that stand for secrets
  };
  static Scope scope_of(const config::Config& local, const config::Config& under);
  Status begin_under(const config::Config& under);
  void take_policy();
  void reload();
  void settle_policy();
  alert::PolicyState policy_state() const;
  void heartbeat();
  void serve_metrics();
  void test_probes();
  Health health() const;
  std::string metrics() const;
  bool is_stuck() const;
  bool in_scope(const Pipeline::Origin& origin) const;
  void leave_out_of_scope(alert::CoverageEntry& entry) const;
  void hear();
  bool judges(const llm::Exchange& exchange) const;
  void on_exchange(const llm::Exchange& exchange);
  void refresh_feeds();
  Status name_remote_judges();
  void raise_remote_findings();
  void load_state();
  void save_state();

  const config::Layers layers_;  // read again at each reload
  config::Config config_;
  std::string key_;  // as the agent started
  alert::HostFacts host_;
  Counters counters_;
  Inventory inventory_;
  BaselineKeeper baselines_{config_.state_directory};
  HostWatch watch_;
  const Judge::AlertSink alerts_ = [this](alert::Alert&& alert) {
    delivery_->push({sink::RecordKind::kAlert, alert.severity, std::move(alert.json)});
  };
  const HostWatch::Found found_ = [this](detect::Finding&& finding, const llm::Exchange& about) {
    judge_->raise(std::move(finding), about, alerts_);
  };
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<LiveCapture> live_;
  std::unique_ptr<Judge> judge_;                 // of the pipeline's thread, like the policy
  std::unique_ptr<RemoteJudges> remote_judges_;  // none where none is configured
  std::unique_ptr<Policy> policy_;
  std::mutex mutex_;
  std::unique_ptr<Policy> next_policy_;  // guarded by mutex_, like the next one
  std::unique_ptr<Policy> old_policy_;   // for the main thread to destroy
  std::atomic<int64_t> alive_ns_{0};     // of the pipeline's thread, steady clock
  std::atomic<uint64_t> heard_{0};       // processes, at the last heartbeat
  std::atomic<uint64_t> not_heard_{0};
  std::unique_ptr<MetricsServer> metrics_;
  std::unique_ptr<Feeds> feeds_;
  PolicyKeeper keeper_;
  std::unique_ptr<FleetClient> fleet_;
  SelfTest self_test_;
  SelfMonitor monitor_{host_, counters_};
  std::thread pipeline_thread_;
};

}  // namespace sonde::app
