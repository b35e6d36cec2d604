// What of a long text a remote judge gets to see: whole sentences around the place that matters.
#pragma once

#include <cstddef>
#include <string_view>

namespace sonde::app {

// At most `characters` of `text` around the byte `focus`, cut between sentences, or between code
// points where a sentence is longer than that. Characters are UTF-16 code units, the most that any
// service counts. Linear in the text.
std::string_view cut_to_sentences(std::string_view text, size_t focus, size_t characters);

// UTF-16 code units of UTF-8 text; a stray byte counts as one.
size_t utf16_units(std::string_view text);

}  // namespace sonde::app
