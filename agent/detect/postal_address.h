// Postal addresses by their form: a street with its number, as it is written in the country's
// language, and a postal code near it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace sonde::detect {

// The address whose house number begins at `number` (bytes, a digit): from its first word to the
// end of its postal code or, where none follows, of its street. Nothing before `from` is part of
// it. Without postal code only where a word for an address stands before it ("lives at",
// "Adresse:").
std::optional<std::pair<size_t, size_t>> find_postal_address(std::string_view text, size_t number,
                                                             size_t from);

}  // namespace sonde::detect
