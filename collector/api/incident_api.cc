// Incidents: list, story, work, merge, split.
#include <algorithm>

#include "collector/api/handlers.h"
#include "collector/api/incident_render.h"
#include "collector/api/query.h"
#include "collector/api/work_change.h"
#include "collector/incident/story.h"

namespace sonde::api {
namespace {

constexpr size_t kAlerts = 1000;
constexpr int64_t kMaxTimeMs = 253402300799999;

Response not_found() { return problem(404, "there is no such incident"); }

// The answer for an incident as it is now, told to live views too.
Response changed(Context& context, const store::Incident& incident, int status) {
  const auto digest = context.incidents.digest(incident.id);
  if (!digest.ok()) return store_failed(context, digest.error());
  const Json json = to_json(incident, *digest);
  context.events.publish(status == 201 ? "incident.created" : "incident.updated", dump(json));
  return json_response(json, status);
}

// Strings of an array member; nullopt if it is none, or holds too many.
std::optional<std::vector<std::string>> strings(const Json& json, const char* key, size_t most) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array() || found->empty() || found->size() > most) {
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (const Json& value : *found) {
    if (!value.is_string()) return std::nullopt;
    values.push_back(value.get<std::string>());
  }
  return values;
}

}  // namespace

Response list_incidents(Context& context, const Request& request, const Caller&,
                        const PathValues&) {
  QueryReader query(request);
  store::IncidentFilter filter;
  filter.severities = query.severities("severity");
  filter.statuses = query.statuses("status");
  filter.assignees = query.list("assignee");
  filter.hosts = query.list("host");
  filter.since_ms = query.integer("since", 0, kMaxTimeMs);
  filter.until_ms = query.integer("until", 0, kMaxTimeMs);
  const size_t limit = query.limit();
  const auto cursor = query.cursor("cursor");
  if (auto refused = query.refused()) return *refused;
  const auto page = context.incidents.list(filter, limit, cursor);
  if (!page.ok()) return store_failed(context, page.error());
  Json items = Json::array();
  for (const store::Incident& incident : page->items) {
    const auto digest = context.incidents.digest(incident.id);
    if (!digest.ok()) return store_failed(context, digest.error());
    items.push_back(to_json(incident, *digest));
  }
  return json_response(
      {{"items", std::move(items)},
       {"next_cursor", page->next ? Json(encode_cursor(*page->next)) : Json(nullptr)}});
}

Response get_incident(Context& context, const Request& request, const Caller& caller,
                      const PathValues& values) {
  const auto id = store::incident_id_from(values[0]);
  if (!id) return not_found();
  const auto incident = context.incidents.get(*id);
  if (!incident.ok()) return store_failed(context, incident.error());
  if (!*incident) return not_found();
  const auto digest = context.incidents.digest((*incident)->id);
  const auto alerts = context.incidents.alerts((*incident)->id, kAlerts);
  const auto comments = context.alerts.comments("incident:" + (*incident)->uid());
  if (!digest.ok()) return store_failed(context, digest.error());
  if (!alerts.ok()) return store_failed(context, alerts.error());
  if (!comments.ok()) return store_failed(context, comments.error());
  // Its alerts show their evidence.
  if (!audit(context, request, caller, "incident.read", (*incident)->uid())) {
    return problem(503, "the audit log cannot be written");
  }
  Json json = to_json(**incident, *digest);
  if ((*incident)->severity_fixed) {
    // What a person chose stays, whatever joins later; what the alerts say stands beside it.
    auto highest = store::Severity::kUnknown;
    for (const auto& entry : *alerts) highest = std::max(highest, entry.alert.severity);
    json["severity_of_alerts"] =
        store::to_string(incident::incident_severity((*incident)->stage, highest));
  }
  add_story(json, *alerts);
  json["comments"] = Json::array();
  for (const store::Comment& comment : *comments) json["comments"].push_back(to_json(comment));
  return json_response(json);
}

Response patch_incident(Context& context, const Request& request, const Caller& caller,
                        const PathValues& values) {
  const auto id = store::incident_id_from(values[0]);
  if (!id) return not_found();
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  WorkReader reader(body.json);
  const store::IncidentChange change = reader.incident();
  if (const std::string detail = reader.problem(); !detail.empty()) return problem(400, detail);
  if (auto refused = unknown_assignee(context, change.work)) return *refused;
  const auto incident = context.incidents.change(*id, change);
  if (!incident.ok()) return store_failed(context, incident.error());
  if (!*incident) return not_found();
  audit(context, request, caller, "incident.change", (*incident)->uid(), dump(body.json));
  return changed(context, **incident, 200);
}

Response comment_incident(Context& context, const Request& request, const Caller& caller,
                          const PathValues& values) {
  const auto id = store::incident_id_from(values[0]);
  if (!id) return not_found();
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto text = string_member(body.json, "text", 8192);
  if (!text) return problem(400, "text must be a string of 1 to 8192 bytes");
  const auto incident = context.incidents.get(*id);
  if (!incident.ok()) return store_failed(context, incident.error());
  if (!*incident) return not_found();
  const auto comment = context.alerts.add_comment("incident:" + (*incident)->uid(), caller.name,
                                                  *text, context.now_ms());
  if (!comment.ok()) return store_failed(context, comment.error());
  audit(context, request, caller, "incident.comment", (*incident)->uid());
  return json_response(to_json(*comment), 201);
}

Response merge_incidents(Context& context, const Request& request, const Caller& caller,
                         const PathValues& values) {
  const auto id = store::incident_id_from(values[0]);
  if (!id) return not_found();
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto uids = strings(body.json, "from", 100);
  if (!uids) return problem(400, "from must be a list of 1 to 100 incident uids");
  std::vector<int64_t> from;
  for (const std::string& uid : *uids) {
    const auto other = store::incident_id_from(uid);
    if (!other) return not_found();
    from.push_back(*other);
  }
  const auto incident = context.correlator.merge(*id, from);
  if (!incident.ok()) return store_failed(context, incident.error());
  if (!*incident) return not_found();
  audit(context, request, caller, "incident.merge", values[0], dump(body.json));
  return changed(context, **incident, 200);
}

Response split_incident(Context& context, const Request& request, const Caller& caller,
                        const PathValues& values) {
  const auto id = store::incident_id_from(values[0]);
  if (!id) return not_found();
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto uids = strings(body.json, "alerts", 1000);
  if (!uids) return problem(400, "alerts must be a list of 1 to 1000 alert uids");
  const auto known = context.incidents.get(*id);
  if (!known.ok()) return store_failed(context, known.error());
  if (!*known) return not_found();
  const auto incident = context.correlator.split(*id, *uids);
  if (!incident.ok()) return store_failed(context, incident.error());
  if (!*incident) {
    return problem(400, "the alerts must belong to this incident, and not be all it has");
  }
  audit(context, request, caller, "incident.split", values[0], dump(body.json));
  return changed(context, **incident, 201);
}

}  // namespace sonde::api
