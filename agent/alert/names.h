// The words that OCSF and the collector use for our enumerations.
#pragma once

#include <string_view>

#include "agent/detect/finding.h"
#include "agent/llm/exchange.h"

namespace sonde::alert {

struct OcsfSeverity {
  int id;
  std::string_view name;
};

inline OcsfSeverity ocsf_severity(detect::Severity severity) {
  switch (severity) {
    case detect::Severity::kInformational:
      return {1, "Informational"};
    case detect::Severity::kLow:
      return {2, "Low"};
    case detect::Severity::kMedium:
      return {3, "Medium"};
    case detect::Severity::kHigh:
      return {4, "High"};
    case detect::Severity::kCritical:
      return {5, "Critical"};
  }
  return {0, "Unknown"};
}

inline std::string_view zone_name(llm::Zone zone) {
  switch (zone) {
    case llm::Zone::kSystem:
      return "system";
    case llm::Zone::kDeveloper:
      return "developer";
    case llm::Zone::kUser:
      return "user";
    case llm::Zone::kAssistant:
      return "assistant";
    case llm::Zone::kTool:
      return "tool";
  }
  return "";
}

inline std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace sonde::alert
