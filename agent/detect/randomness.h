// How far a string is from what people write: the test that tells a made-up password, a name in
// code or a placeholder from characters that a machine drew. Pure functions.
#pragma once

#include <string_view>

namespace sonde::detect {

// Mean surprise in bits of a character after the one before it: letters by the pairs of English
// words, digits by whether they count up, changes of class by a flat price. Words and names lie
// below 4, random base62 of 16 characters above 4.4 (99 %), random hexadecimal around 3.7.
double surprise(std::string_view value);

// As a machine draws: by surprise, or sixteen hexadecimal digits or more of many kinds.
bool looks_random(std::string_view value);

}  // namespace sonde::detect
