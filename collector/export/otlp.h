// OpenTelemetry logs over OTLP/HTTP with JSON (opentelemetry.io, OTLP 1.x; POST .../v1/logs).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/export/http_client.h"
#include "collector/export/target.h"

namespace sonde::exporting {

struct OtlpConfig {
  std::string url;                   // with its path
  std::vector<std::string> headers;  // "Name: value", for credentials
  HttpOptions http;
  std::string version;
};

// At least once. What the receiver names in partialSuccess is not sent again, as OTLP demands.
Result<std::unique_ptr<Target>> make_otlp_target(const OtlpConfig& config);

// An ExportLogsServiceRequest.
std::string otlp_request(std::span<const Record> records, const std::string& version);

}  // namespace sonde::exporting
