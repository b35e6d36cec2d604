// The conversation around a finding of the demonstration, in the shape that agents send
// (docs/alert.schema.json).
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace sonde::collector {

// With evidence level "segment" only the finding and its cause have a text.
nlohmann::json demo_conversation(const nlohmann::json& scenario, const std::string& level);
nlohmann::json demo_evidence(const nlohmann::json& scenario);

}  // namespace sonde::collector
