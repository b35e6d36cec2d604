// Kafka through librdkafka's idempotent producer: the broker has each record of a run once and in
// order; a run that ends between the broker's acknowledgement and the cursor sends its last batch
// again, recognisable by the key, which is the record's uid.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "agent/egress/target.h"

namespace sonde::egress {

struct KafkaConfig {
  std::string brokers;  // "host:9092,host:9092"
  std::string topic;
  // Passed to librdkafka as they are: "security.protocol", "ssl.ca.location", "sasl.username"...
  std::map<std::string, std::string> properties;
  std::string client_id = "sonde";
  std::chrono::milliseconds timeout{30'000};
};

Result<std::unique_ptr<Target>> make_kafka_target(const KafkaConfig& config);

}  // namespace sonde::egress
