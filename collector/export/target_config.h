// One entry of `exports` in the configuration, and the target it means.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "collector/export/target.h"

namespace sonde::exporting {

struct TargetConfig {
  std::string name;  // of the export; its cursor is kept under it
  std::string type;  // webhook, syslog, kafka, otlp
  std::string url;   // webhook, otlp: https://...; syslog: tls://host:port or tcp://host:port
  std::string ca;
  std::string certificate;
  std::string key;
  std::string secret_file;  // webhook: what signs; otlp: "Name: value" of a header
  std::string brokers;      // kafka
  std::string topic;        // kafka
  std::map<std::string, std::string> properties;  // kafka: for librdkafka
  store::Severity min_severity = store::Severity::kUnknown;
  bool alerts = true;
  bool incidents = true;
  bool suppressed = false;  // suppressed alerts too
  bool from_now = false;    // leave out what was stored before the export was configured
};

// `version` is that of the product.
Result<std::unique_ptr<Target>> make_target(const TargetConfig& config, const std::string& version);

}  // namespace sonde::exporting
