// Batches of alerts to a target of agent/egress: webhook, syslog, Kafka, OTLP.
#pragma once

#include <memory>
#include <string>

#include "agent/egress/target.h"
#include "agent/sink/carrier.h"

namespace sonde::sink {

class TargetCarrier final : public Carrier {
 public:
  // `name` is the sink's; deliveries are named after it.
  TargetCarrier(std::string name, std::unique_ptr<egress::Target> target)
      : name_(std::move(name)), target_(std::move(target)) {}

  Carried carry(std::span<const Record> records) override;
  void cancel() override { target_->cancel(); }

 private:
  const std::string name_;
  const std::unique_ptr<egress::Target> target_;
};

// The fields that formats such as CEF name, read out of an alert (docs/alert.schema.json).
egress::Record to_egress(const Record& record);

}  // namespace sonde::sink
