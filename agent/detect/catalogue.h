// The alerts that this layer can raise, with what does not depend on the single case.
#pragma once

#include <span>
#include <string_view>

#include "agent/detect/finding.h"

namespace sonde::detect {

struct AlertInfo {
  std::string_view name;
  Severity severity;
  std::string_view atlas;  // MITRE ATLAS techniques, separated by spaces
  std::string_view owasp;  // OWASP LLM and Agentic Top 10, separated by spaces
};

std::span<const AlertInfo> alert_catalogue();
// nullptr where there is none.
const AlertInfo* find_alert(std::string_view name);
// A finding with severity and mappings of the alert, which must be in the catalogue.
Finding finding_of(std::string_view alert, std::string_view detector);

}  // namespace sonde::detect
