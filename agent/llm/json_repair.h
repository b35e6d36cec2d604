// Strict JSON out of text that other parsers read as JSON, or would have: so that one odd byte, or
// a body whose end was lost, does not hide every text that stands before it.
//
// Takes raw control characters and invalid UTF-8 in strings, lone surrogates, wrong escapes,
// integers beyond 64 bits, NaN and Infinity, trailing commas. Where the text is cut, or goes on as
// no JSON can, everything open is closed: strings keep what was heard, a number or a key that may
// be cut is left out. Nothing is invented. One pass, no recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::llm {

// nullopt: not even the beginning of an object or an array. What is nested deeper than `max_depth`
// counts as cut.
std::optional<std::string> repair_json(std::string_view text, size_t max_depth);

}  // namespace sonde::llm
