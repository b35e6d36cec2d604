// An incident as OCSF Incident Finding (class 2005).
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "collector/store/incidents.h"

namespace sonde::exporting {

nlohmann::json ocsf_incident(const store::Incident& incident,
                             const std::vector<store::IncidentAlert>& alerts);

}  // namespace sonde::exporting
