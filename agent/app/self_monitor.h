// What a sensor owes its operators: to say where it is deaf. Alerts coverage.blind and
// sensor.health, each thing told once until it changes. Not thread-safe.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>

#include "agent/alert/alert.h"
#include "agent/alert/records.h"
#include "agent/base/counters.h"
#include "agent/base/time.h"

namespace sonde::app {

class SelfMonitor {
 public:
  using AlertSink = std::function<void(alert::Alert&&)>;

  // Both are borrowed.
  SelfMonitor(const alert::HostFacts& host, const Counters& counters)
      : host_(host), counters_(counters) {}

  // Processes with a TLS stack that is not heard, and what was lost since the last call.
  void check(std::span<const alert::CoverageEntry> coverage, WallTime now, const AlertSink& alerts);
  // The self-test's outcome; empty: the probes delivered.
  void on_self_test(const std::string& trouble, WallTime now, const AlertSink& alerts);

 private:
  void tell(std::string alert, std::string subtype, std::string evidence, llm::Process process,
            WallTime now, const AlertSink& alerts);

  const alert::HostFacts& host_;
  const Counters& counters_;
  std::set<std::string> told_blind_;
  uint64_t told_lost_ = 0;
  bool silent_ = false;
};

}  // namespace sonde::app
