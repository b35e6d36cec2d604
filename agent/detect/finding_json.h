// The JSON form of a finding, as `sonde scan`, `trace --findings` and alerts print it.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "agent/detect/engine.h"
#include "agent/detect/finding.h"

namespace sonde::detect {

nlohmann::ordered_json to_json(const Finding& finding);
// {"prompt_attack":..,"document_attack":..}
nlohmann::ordered_json to_json(const Scores& scores);
// One line.
std::string finding_json(const Finding& finding);

}  // namespace sonde::detect
