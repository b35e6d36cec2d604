// The line format of an exchange: sonde.exchange/1.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "agent/llm/exchange.h"

namespace sonde::llm {

// One line without its newline. Absent values are left out; invalid UTF-8 becomes U+FFFD. Tool
// arguments that are a JSON object are written as one, others as the string they are. `findings`
// (may be null: left out) is written as the member "findings".
std::string exchange_json(const Exchange& exchange, const nlohmann::json* findings);

}  // namespace sonde::llm
