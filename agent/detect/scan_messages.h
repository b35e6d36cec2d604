// Messages of `sonde scan` in the forms in which agents keep them: chat completions, responses'
// items, Anthropic's, Bedrock's and Gemini's blocks, sonde.exchange/1, {"from","value"} pairs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "agent/llm/exchange.h"

namespace sonde::detect {

// The zone that a role speaks in, whatever its case: "human" is the user, "ipython" a tool. Empty:
// no such role is known.
std::optional<llm::Zone> zone_named(std::string_view role);

// One message of an object. Its zone is that of "zone", else of its role; an unknown role is
// untrusted, thus a tool's; a message without one is taken by its shape, and is of `usual` where
// that says nothing. One part for each block of its content, in order, so that the number of a part
// is that of the block; blocks without text are blobs.
llm::Message read_scan_message(const nlohmann::json& source, llm::Zone usual);

// One block of content; a blob without text where it holds none.
llm::Part read_scan_block(const nlohmann::json& block, llm::Zone zone);

// A string as it is, null as nothing, anything else as JSON text.
std::string scan_text(const nlohmann::json& value);
// The member `key` if it is a string, else "".
std::string string_at(const nlohmann::json& object, const char* key);

}  // namespace sonde::detect
