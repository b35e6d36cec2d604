// Attacks that are spoken of, not made: advisories, tickets, tests and questions quote them. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::detect {

// [start, end) is the place of `text` that a judge found suspicious: where it holds a quotation,
// the text with blanks in place of what it only mentions, for a second judgement: short quotations,
// where the words around them speak of attacks from outside ("advisory", "the attacker", "is
// flagged by our filter"), and the strings that code assigns to a prompt. Nothing where it mentions
// nothing: quotation marks alone excuse no one, since whoever attacks may write them as well.
std::optional<std::string> without_mentions(std::string_view text, size_t start, size_t end);

}  // namespace sonde::detect
