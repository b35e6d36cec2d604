// What an agent tells of itself as OpenMetrics text (OpenMetrics 1.0). Numbers only: no text of an
// exchange, no name that a peer can choose.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/open_metrics.h"

namespace sonde::app {

// Every counter as sonde_<name>_total, then `metrics`, then the end mark.
std::string render_openmetrics(const Counters& counters, std::span<const Metric> metrics);

struct ServiceState {
  uint64_t processes_heard = 0;      // with a TLS stack that probes cover
  uint64_t processes_not_heard = 0;  // with one that they do not

  // One sink with a spool: the collector or a target.
  struct Sink {
    std::string name;
    uint64_t waiting = 0;
    uint64_t delivered = 0;
    uint64_t retries = 0;
    uint64_t refused = 0;
  };
  std::vector<Sink> sinks;
};

// sonde_suppressed_findings_total{rule="..."}
Metric suppression_metric(const std::string& rule, uint64_t findings);

// sonde_processes{heard="true"|"false"}, sonde_delivery_waiting{sink="..."} and
// sonde_delivery_{delivered,retries,refused}{sink="..."}.
std::vector<Metric> service_metrics(const ServiceState& state);

}  // namespace sonde::app
