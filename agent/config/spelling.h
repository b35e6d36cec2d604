// Which known word a person may have meant.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::config {

// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string
// alignment).
size_t edit_distance(std::string_view a, std::string_view b);

// What follows the complaint about `word`: ";", or "; did you mean 'KNOWN'?" where a known word is
// near, by one edit for every three characters.
std::string meant(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace sonde::config
