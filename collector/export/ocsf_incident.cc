#include "collector/export/ocsf_incident.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "collector/export/attacks.h"
#include "collector/incident/stage.h"
#include "collector/incident/story.h"

namespace sonde::exporting {
namespace {

using Json = nlohmann::json;
using store::WorkStatus;

constexpr int64_t kIncidentFinding = 2005;
constexpr int64_t kFindingsCategory = 2;

struct Activity {
  int id;
  const char* name;
};

Activity activity_of(const store::Incident& incident) {
  if (incident.status == WorkStatus::kResolved || incident.status == WorkStatus::kSuppressed ||
      incident.merged_into != 0) {
    return {3, "Close"};
  }
  const bool untouched = incident.status == WorkStatus::kNew && incident.alert_count == 1;
  return untouched ? Activity{1, "Create"} : Activity{2, "Update"};
}

// OCSF: 1 New, 2 In Progress, 4 Resolved, 5 Closed.
Activity status_of(const store::Incident& incident) {
  if (incident.merged_into != 0 || incident.status == WorkStatus::kSuppressed) return {5, "Closed"};
  if (incident.status == WorkStatus::kResolved) return {4, "Resolved"};
  return incident.status == WorkStatus::kNew ? Activity{1, "New"} : Activity{2, "In Progress"};
}

void add_verdict(Json& json, const store::Incident& incident) {
  if (!incident.classification) return;
  if (*incident.classification == "false_positive") {
    json["verdict_id"] = 1;
    json["verdict"] = "False Positive";
  } else if (*incident.classification == "true_positive") {
    json["verdict_id"] = 2;
    json["verdict"] = "True Positive";
  } else {
    json["verdict_id"] = 5;
    json["verdict"] = "Benign";
  }
}

// As OCSF spells it: "Informational".
std::string severity_caption(store::Severity severity) {
  std::string caption(store::to_string(severity));
  caption[0] = static_cast<char>(std::toupper(caption[0]));
  return caption;
}

Json finding_info(const store::IncidentAlert& entry) {
  return {{"uid", entry.alert.uid},
          {"title", entry.alert.title},
          {"types", Json::array({entry.alert.alert})},
          {"created_time", entry.alert.time_ms}};
}

std::string describe(const std::vector<store::IncidentAlert>& alerts) {
  std::string text;
  for (const incident::TimelineEntry& entry : incident::tell(alerts).timeline) {
    if (text.size() > 4000) break;
    if (!text.empty()) text += '\n';
    text += entry.text;
  }
  return text;
}

}  // namespace

Result<std::vector<std::string>> telling_texts(const store::AlertStore& store,
                                               const std::vector<store::IncidentAlert>& alerts) {
  std::vector<std::string> texts;
  std::set<std::string_view> names;
  for (const store::IncidentAlert& entry : alerts) {
    if (!names.insert(entry.alert.alert).second) continue;
    auto ocsf = store.ocsf(entry.alert.id);
    if (!ocsf.ok()) return tl::unexpected<Error>(ocsf.error());
    if (*ocsf) texts.push_back(std::move(**ocsf));
  }
  return texts;
}

Json ocsf_incident(const store::Incident& incident, const std::vector<store::IncidentAlert>& alerts,
                   const std::vector<std::string>& ocsf) {
  const Activity activity = activity_of(incident);
  const Activity status = status_of(incident);
  Json findings = Json::array();
  for (const store::IncidentAlert& entry : alerts) findings.push_back(finding_info(entry));
  const auto severity = static_cast<int64_t>(incident.severity);
  Json json = {
      {"class_uid", kIncidentFinding},
      {"class_name", "Incident Finding"},
      {"category_uid", kFindingsCategory},
      {"category_name", "Findings"},
      {"activity_id", activity.id},
      {"activity_name", activity.name},
      {"type_uid", kIncidentFinding * 100 + activity.id},
      {"type_name", std::string("Incident Finding: ") + activity.name},
      {"time", incident.last_ms},
      {"start_time", incident.first_ms},
      {"end_time", incident.last_ms},
      {"severity_id", severity},
      {"severity", severity_caption(incident.severity)},
      {"status_id", status.id},
      {"status", status.name},
      {"finding_info_list", std::move(findings)},
      {"desc", describe(alerts)},
      {"metadata",
       {{"version", "1.8.0"},
        {"uid", incident.uid()},
        {"product", {{"name", "Sonde"}, {"vendor_name", "Sonde"}, {"version", SONDE_VERSION}}}}},
      {"unmapped",
       {{"sonde",
         {{"uid", incident.uid()},
          {"title", incident.title},
          {"alert_count", incident.alert_count},
          {"stage", incident::to_string(incident::furthest(incident.stage))}}}}}};
  if (Json attacks = attacks_of(ocsf); !attacks.empty()) json["attacks"] = std::move(attacks);
  // The class wants one of both.
  if (incident.assignee) {
    json["assignee"] = {{"name", *incident.assignee}};
  } else {
    json["assignee_group"] = {{"name", "analysts"}};
  }
  if (incident.merged_into != 0) {
    json["unmapped"]["sonde"]["merged_into"] = "INC-" + std::to_string(incident.merged_into);
  }
  add_verdict(json, incident);
  return json;
}

}  // namespace sonde::exporting
