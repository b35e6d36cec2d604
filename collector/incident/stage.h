// The kill chain of attacks on AI applications, and where each alert stands in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/store/alert.h"

namespace sonde::incident {

// In order: an attack moves from a lower to a higher stage.
enum class Stage : int64_t {
  kNone = 0,  // tells of the sensor or the inventory, not of an attack
  kReconnaissance = 1,
  kInitialAccess = 2,
  kInjection = 3,
  kToolUse = 4,
  kExecution = 5,
  kCollection = 6,
  kExfiltration = 7,
  kImpact = 8,
};

std::string_view to_string(Stage stage);

// By the alert's name ("tool.tainted_call"); user rules (custom.*) count as injection.
Stage stage_of(std::string_view alert);

// A set of stages: bit n stands for the stage n.
using StageSet = int64_t;
inline StageSet stage_bit(Stage stage) { return int64_t{1} << static_cast<int64_t>(stage); }
Stage furthest(StageSet stages);

// "Prompt injection led to tool use and execution: chatbot on web-1"; the alert's own title while
// there is one stage only.
std::string incident_title(StageSet stages, const std::string& alert_title,
                           const std::string& application, const std::string& host);

// The highest severity of its alerts; an injection that went on to act is at least high, and
// critical once it executed something or took data out.
store::Severity incident_severity(StageSet stages, store::Severity highest_alert);

}  // namespace sonde::incident
