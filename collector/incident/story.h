// The story of an incident, made for reading: what happened in which order, what connects it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/incident/stage.h"
#include "collector/store/incidents.h"

namespace sonde::incident {

struct TimelineEntry {
  int64_t time_ms = 0;
  std::string kind;  // prompt, finding, tool_call, process, connection, answer
  Stage stage = Stage::kNone;
  std::string text;
  std::string alert_uid;
};

struct SharedEntity {
  store::Entity entity;
  size_t alert_count = 0;
};

struct Node {
  std::string id;
  std::string kind;  // "alert", or the type of an entity
  std::string label;
  store::Severity severity = store::Severity::kUnknown;  // of alerts
};

struct Edge {
  std::string from;
  std::string to;
  std::string label;
};

struct Story {
  std::vector<TimelineEntry> timeline;  // by time, then by stage
  std::vector<SharedEntity> entities;   // most shared first
  std::vector<Node> nodes;              // bounded: what does not fit is in the list of alerts
  std::vector<Edge> edges;
};

Story tell(const std::vector<store::IncidentAlert>& alerts);

// Why the alert is in the incident, in one sentence.
std::string explain(const store::IncidentAlert& alert,
                    const std::vector<store::IncidentAlert>& alerts);

// What to do, by the stages reached.
std::vector<std::string> remediation(const std::vector<store::IncidentAlert>& alerts);

}  // namespace sonde::incident
