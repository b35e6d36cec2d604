// Incidents in the formats of other systems, and how far the exports have come.
#include "collector/api/handlers.h"
#include "collector/api/render.h"
#include "collector/export/ocsf_incident.h"
#include "collector/export/stix.h"

namespace sonde::api {
namespace {

constexpr size_t kAlerts = 1000;

struct Loaded {
  store::Incident incident;
  std::vector<store::IncidentAlert> alerts;
  std::optional<Response> refused;
};

// The incident with its alerts, once the look at them is in the audit log.
Loaded load(Context& context, const Request& request, const Caller& caller,
            const std::string& uid) {
  Loaded loaded;
  const auto id = store::incident_id_from(uid);
  const auto incident =
      id ? context.incidents.get(*id) : Result<std::optional<store::Incident>>(std::nullopt);
  if (!incident.ok()) {
    loaded.refused = store_failed(context, incident.error());
    return loaded;
  }
  if (!*incident) {
    loaded.refused = problem(404, "there is no such incident");
    return loaded;
  }
  auto alerts = context.incidents.alerts((*incident)->id, kAlerts);
  if (!alerts.ok()) {
    loaded.refused = store_failed(context, alerts.error());
    return loaded;
  }
  if (!audit(context, request, caller, "incident.export", (*incident)->uid())) {
    loaded.refused = problem(503, "the audit log cannot be written");
    return loaded;
  }
  loaded.incident = **incident;
  loaded.alerts = std::move(*alerts);
  return loaded;
}

Response attachment(const Json& json, const std::string& type, const std::string& name) {
  Response response = json_response(json);
  response.content_type = type;
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + name + "\"");
  return response;
}

}  // namespace

Response incident_ocsf(Context& context, const Request& request, const Caller& caller,
                       const PathValues& values) {
  const Loaded loaded = load(context, request, caller, values[0]);
  if (loaded.refused) return *loaded.refused;
  const auto texts = exporting::telling_texts(context.alerts, loaded.alerts);
  if (!texts.ok()) return store_failed(context, texts.error());
  return attachment(exporting::ocsf_incident(loaded.incident, loaded.alerts, *texts),
                    "application/json", loaded.incident.uid() + ".ocsf.json");
}

Response incident_stix(Context& context, const Request& request, const Caller& caller,
                       const PathValues& values) {
  Loaded loaded = load(context, request, caller, values[0]);
  if (loaded.refused) return *loaded.refused;
  std::vector<exporting::StixAlert> alerts;
  for (store::IncidentAlert& entry : loaded.alerts) {
    const auto ocsf = context.alerts.ocsf(entry.alert.id);
    if (!ocsf.ok()) return store_failed(context, ocsf.error());
    alerts.push_back({std::move(entry), ocsf->value_or("{}")});
  }
  return attachment(exporting::stix_bundle(loaded.incident, alerts, context.now_ms()),
                    "application/stix+json;version=2.1", loaded.incident.uid() + ".stix.json");
}

Response list_exports(Context& context, const Request&, const Caller&, const PathValues&) {
  const auto states = context.exports.list();
  if (!states.ok()) return store_failed(context, states.error());
  const auto newest = context.exports.newest();
  if (!newest.ok()) return store_failed(context, newest.error());
  Json items = Json::array();
  for (const store::ExportState& state : *states) {
    items.push_back(
        {{"name", state.name},
         {"sent", state.sent},
         {"refused", state.refused},
         {"waiting", std::max<int64_t>(0, newest->last_alert_id - state.position.last_alert_id)},
         {"last_sent", state.last_sent_ms ? Json(state.last_sent_ms) : Json(nullptr)},
         {"trouble", state.trouble}});
  }
  return json_response({{"items", std::move(items)}});
}

}  // namespace sonde::api
