// What an agent tells of itself as OpenMetrics text (OpenMetrics 1.0). Numbers only: no text of an
// exchange, no name that a peer can choose.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/counters.h"

namespace sonde::app {

// One value that goes up and down, or a counter that is not of counters.h. Entries of one name
// stand together.
struct Metric {
  enum class Type : uint8_t { kGauge, kCounter, kInfo };

  Type type = Type::kGauge;
  std::string name;  // without "_total" or "_info"
  std::string help;
  double value = 0;  // ignored for kInfo
  std::vector<std::pair<std::string, std::string>> labels;
};

// Every counter as sonde_<name>_total, then `metrics`, then the end mark.
std::string render_openmetrics(const Counters& counters, std::span<const Metric> metrics);

// Memory, CPU time, file descriptors and start time of this process, under the names that
// Prometheus clients use (process_resident_memory_bytes...), and sonde_build_info.
std::vector<Metric> process_metrics(const std::string& version);

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
