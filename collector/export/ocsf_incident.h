// An incident as OCSF Incident Finding (class 2005).
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "collector/store/alerts.h"
#include "collector/store/incidents.h"

namespace sonde::exporting {

// `ocsf`: stored texts of the alerts from which `attacks` are taken (telling_texts).
nlohmann::json ocsf_incident(const store::Incident& incident,
                             const std::vector<store::IncidentAlert>& alerts,
                             const std::vector<std::string>& ocsf);

// The stored text of the first alert of each name, which decides what techniques it stands for; one
// that retention took meanwhile is left out.
Result<std::vector<std::string>> telling_texts(const store::AlertStore& store,
                                               const std::vector<store::IncidentAlert>& alerts);

}  // namespace sonde::exporting
