// An incident as a STIX 2.1 bundle (OASIS): the incident, what was seen, how it was done.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "collector/store/incidents.h"

namespace sonde::exporting {

// An alert with its stored OCSF text, from which techniques are read.
struct StixAlert {
  store::IncidentAlert entry;
  std::string ocsf;
};

// Ids are made from what they stand for (UUIDv5), so that the same incident exported twice updates
// instead of doubling. `now_ms` is the time of the export.
nlohmann::json stix_bundle(const store::Incident& incident, const std::vector<StixAlert>& alerts,
                           int64_t now_ms);

// RFC 9562, 5.5, in Sonde's own namespace.
std::string uuid_v5(std::string_view name);

}  // namespace sonde::exporting
