// All the places that records of this agent go to: one outbox for each sink of the configuration.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/result.h"
#include "agent/config/config.h"
#include "agent/sink/collector_sink.h"
#include "agent/sink/outbox.h"

namespace sonde::app {

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

  // Records that wait for the collector.
  uint64_t waiting() const;
  // "https://collector:8443, /var/log/sonde.jsonl": for the log.
  std::string summary() const;

 private:
  Delivery() = default;
  std::vector<std::unique_ptr<sink::Outbox>> outboxes_;
  std::vector<std::string> names_;
  const sink::CollectorSink* collector_ = nullptr;  // owned by its outbox
};

}  // namespace sonde::app
