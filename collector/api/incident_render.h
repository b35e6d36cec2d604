// The JSON forms of incidents. Only for .cc files.
#pragma once

#include <vector>

#include "collector/api/render.h"
#include "collector/store/incidents.h"

namespace sonde::api {

Json to_json(const store::Incident& incident, const store::IncidentDigest& digest);

// Adds alerts, timeline, entities, graph and remediation.
void add_story(Json& json, const std::vector<store::IncidentAlert>& alerts);

}  // namespace sonde::api
