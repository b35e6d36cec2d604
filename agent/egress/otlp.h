// OpenTelemetry logs over OTLP/HTTP with JSON (opentelemetry.io, OTLP 1.x; POST .../v1/logs).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/egress/http_client.h"
#include "agent/egress/target.h"

namespace sonde::egress {

struct OtlpConfig {
  std::string url;                   // with its path
  std::vector<std::string> headers;  // "Name: value", for credentials
  HttpOptions http;
  Product product;
};

// At least once. What the receiver names in partialSuccess is not sent again, as OTLP demands.
Result<std::unique_ptr<Target>> make_otlp_target(const OtlpConfig& config);

// An ExportLogsServiceRequest.
std::string otlp_request(std::span<const Record> records, const Product& product);

}  // namespace sonde::egress
