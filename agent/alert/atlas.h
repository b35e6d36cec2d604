// Techniques of MITRE ATLAS by name.
#pragma once

#include <string_view>

namespace sonde::alert {

// The release of ATLAS that the ids and names are of.
inline constexpr std::string_view kAtlasVersion = "2026.09";

// "LLM Prompt Injection" for "AML.T0051", "Indirect" for its sub-technique "AML.T0051.001"; the id
// itself for one that only a rule of the user's own names.
std::string_view technique_name(std::string_view id);

}  // namespace sonde::alert
