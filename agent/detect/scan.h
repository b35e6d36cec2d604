// The pure part of `sonde scan`: one line of input to one line of output.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/detect/engine.h"

namespace sonde::detect {

// `line` is one JSON object: {"id","text","zone"}, {"id","messages","tools"} with chat-completions
// messages, or a sonde.exchange/1 line. Answers {"id","scores","findings"} without a line end.
// An error says what is wrong with the line; the caller knows its number. Never throws.
Result<std::string> scan_line(Engine& engine, std::string_view line);

// The same input as an exchange, without judging it.
Result<llm::Exchange> parse_scan_line(std::string_view line);

}  // namespace sonde::detect
