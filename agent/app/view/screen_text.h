// Text of strangers on a terminal: what a terminal obeys and what an eye cannot see is spelled out,
// and lines are broken where the screen ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::app {

// Controls (C0 but newline and tab, DEL, C1), bidirectional marks (UAX 9), tags and other invisible
// characters become "<U+202E>", bytes that are no UTF-8 "<FF>"; a tab becomes a blank. Joiners and
// variation selectors stay, for emoji are made of them.
std::string spell_out(std::string_view text);

// Columns that a text takes (UAX 11: wide characters take two, combining ones none).
size_t columns_of(std::string_view text);

// The lines of `text`, broken at blanks so that none takes more than `columns`; 0: only at its own
// newlines. A word longer than that is cut.
std::vector<std::string> wrap(std::string_view text, size_t columns);

// As much of the end of `text` as fits, in one line.
std::string tail(std::string_view text, size_t columns);

// As much of its beginning as fits, with "..." where something is left out.
std::string head(std::string_view text, size_t columns);

}  // namespace sonde::app
