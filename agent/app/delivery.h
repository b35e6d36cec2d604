// All the places that records of this agent go to: one outbox for each sink of the configuration.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/result.h"
#include "agent/config/config.h"
#include "agent/sink/collector_client.h"
#include "agent/sink/outbox.h"
#include "agent/sink/spooled_sink.h"

namespace sonde::app {

// How this agent speaks to its collector.
sink::CollectorClientConfig collector_client_config(const config::Collector& collector);

class Delivery {
 public:
  // Fails where a sink cannot begin: no right to write, another agent on the same spool, a
  // certificate that cannot be read. A collector that does not answer is no failure.
  static Result<std::unique_ptr<Delivery>> start(const config::Config& config, Counters& counters);
  ~Delivery();

  // Any thread; never blocks. What a full queue drops is counted there.
  void push(const sink::Record& record);
  // Delivers for at most `grace` what is under way; the spool keeps the rest. Idempotent.
  void stop(std::chrono::milliseconds grace);

  // Of each sink with a spool, the collector's first.
  struct SinkState {
    std::string name;
    sink::SpooledSink::State state;
  };
  std::vector<SinkState> states() const;
  // "https://collector:8443, /var/log/sonde.jsonl": for the log.
  std::string summary() const;

 private:
  Delivery() = default;
  std::vector<std::unique_ptr<sink::Outbox>> outboxes_;
  std::vector<std::string> names_;
  std::vector<const sink::SpooledSink*> spooled_;  // owned by their outboxes
};

}  // namespace sonde::app
