// Techniques of MITRE ATLAS that alerts name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace sonde::exporting {

// Of an alert's stored OCSF text, the most precise of each entry: {"AML.T0051.001", "Indirect"}.
std::map<std::string, std::string> techniques(const std::string& ocsf);

// The entries of finding_info.attacks of all these texts, each technique once.
nlohmann::json attacks_of(const std::vector<std::string>& ocsf);

}  // namespace sonde::exporting
