#include "collector/api/incident_render.h"

#include "collector/incident/story.h"

namespace sonde::api {
namespace {

Json nullable(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

Json member_json(const store::IncidentAlert& entry,
                 const std::vector<store::IncidentAlert>& alerts) {
  Json json = to_json(entry.alert);
  const store::Membership& why = entry.membership;
  json["stage"] = incident::to_string(static_cast<incident::Stage>(why.stage));
  Json reason = {{"rule", why.rule}, {"text", incident::explain(entry, alerts)}};
  if (!why.entity.type.empty()) {
    reason["entity"] = {{"type", why.entity.type}, {"value", why.entity.value}};
  }
  for (const store::IncidentAlert& other : alerts) {
    if (why.linked_id != 0 && other.alert.id == why.linked_id) {
      reason["alert_uid"] = other.alert.uid;
      break;
    }
  }
  json["joined_by"] = std::move(reason);
  return json;
}

Json graph_json(const incident::Story& story) {
  Json nodes = Json::array();
  for (const incident::Node& node : story.nodes) {
    Json json = {{"id", node.id}, {"kind", node.kind}, {"label", node.label}};
    if (node.kind == "alert") json["severity"] = store::to_string(node.severity);
    nodes.push_back(std::move(json));
  }
  Json edges = Json::array();
  for (const incident::Edge& edge : story.edges) {
    edges.push_back({{"from", edge.from}, {"to", edge.to}, {"label", edge.label}});
  }
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

}  // namespace

Json to_json(const store::Incident& incident, const store::IncidentDigest& digest) {
  return {{"uid", incident.uid()},
          {"title", incident.title},
          {"severity", store::to_string(incident.severity)},
          {"status", store::to_string(incident.status)},
          {"classification", nullable(incident.classification)},
          {"assignee", nullable(incident.assignee)},
          {"first_time", incident.first_ms},
          {"last_time", incident.last_ms},
          {"alert_count", incident.alert_count},
          {"alerts_by_type", digest.alerts_by_type},
          {"hosts", digest.hosts},
          {"applications", digest.applications},
          {"stage", incident::to_string(incident::furthest(incident.stage))}};
}

void add_story(Json& json, const std::vector<store::IncidentAlert>& alerts) {
  const incident::Story story = incident::tell(alerts);
  json["alerts"] = Json::array();
  for (const store::IncidentAlert& entry : alerts) {
    json["alerts"].push_back(member_json(entry, alerts));
  }
  json["timeline"] = Json::array();
  for (const incident::TimelineEntry& entry : story.timeline) {
    json["timeline"].push_back({{"time", entry.time_ms},
                                {"kind", entry.kind},
                                {"stage", incident::to_string(entry.stage)},
                                {"text", entry.text},
                                {"alert_uid", entry.alert_uid}});
  }
  json["entities"] = Json::array();
  for (const incident::SharedEntity& shared : story.entities) {
    json["entities"].push_back({{"type", shared.entity.type},
                                {"value", shared.entity.value},
                                {"alert_count", shared.alert_count}});
  }
  json["graph"] = graph_json(story);
  json["remediation"] = incident::remediation(alerts);
}

}  // namespace sonde::api
