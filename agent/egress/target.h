// Where records are sent to: a webhook, a syslog receiver, Kafka, an OpenTelemetry collector. Who
// sends (the agent's spooled sink, the collector's exporter) keeps the place and tries again.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "agent/egress/record.h"

namespace sonde::egress {

enum class Verdict {
  kDelivered,  // the target has all of it
  kTryAgain,   // it may have some of it; time may heal what is wrong
  kRefused,    // it will never take this as it is: smaller batches find the record
};

struct Outcome {
  Verdict verdict = Verdict::kDelivered;
  std::string trouble;           // what is wrong, without any content; "" when delivered
  std::chrono::seconds wait{0};  // asked for by the target
  size_t refused = 0;            // of a delivered batch: what the target left out
};

class Target {
 public:
  virtual ~Target() = default;
  // One thread at a time. Blocks until the target has acknowledged, as far as its protocol can.
  // `delivery` names the batch: it is the same when the same records are sent again.
  virtual Outcome send(std::span<const Record> records, const std::string& delivery) = 0;
  // Any thread: a send() under way ends soon with kTryAgain.
  virtual void cancel() = 0;
};

}  // namespace sonde::egress
