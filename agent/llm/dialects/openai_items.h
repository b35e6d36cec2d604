// Items of the responses API: what stands in `input` and `output`, messages and tools of all kinds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/llm/exchange.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

// The item as parts of a message: several for a tool that ran on the provider's side (its call and
// its result).
void read_openai_item(const Json& item, const std::string& path, std::vector<Part>& parts,
                      Writer& writer);

// Zone of an input item: a message's by its role, a tool's result is the tool's, all other items
// are the model's own.
Zone zone_of_openai_item(const Json& item);

}  // namespace sonde::llm
