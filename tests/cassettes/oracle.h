// What a recording says must be found in the exchange: read from the JSON by the names of its
// members alone, with no knowledge of any dialect, so that it cannot share a dialect's mistakes.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/exchange.h"
#include "tests/cassettes/cassette.h"

namespace sonde::test {

// Texts, names, models and token counts that stand in the recording but not in the exchange.
std::vector<std::string> missing_from(const llm::Exchange& exchange,
                                      const RecordedExchange& recorded);

// Whether a recording looks like a call to a language model at all.
bool is_llm_traffic(const RecordedExchange& recorded);

}  // namespace sonde::test
