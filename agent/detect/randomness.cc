#include "agent/detect/randomness.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace sonde::detect {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }
size_t rank(char c) { return static_cast<size_t>((c | 0x20) - 'a'); }

// Eighths of a bit.
constexpr std::array<std::array<uint8_t, 26>, 26> kPairs = {{
#include "agent/detect/bigram_table.inc"
}};

double cost(char a, char b) {
  if (is_letter(a) && is_letter(b)) {
    const double pair = kPairs[rank(a)][rank(b)] / 8.0;
    if (is_lower(a) && is_upper(b)) return pair + 1;
    return is_upper(a) && is_lower(b) ? pair + 0.3 : pair;
  }
  if (is_digit(a) && is_digit(b)) return std::abs(a - b) <= 1 ? 1 : 3.3;
  return is_digit(a) && is_letter(b) ? 5 : 3;
}

}  // namespace

double surprise(std::string_view value) {
  if (value.size() < 2) return 0;
  double bits = 0;
  for (size_t i = 1; i < value.size(); ++i) bits += cost(value[i - 1], value[i]);
  return bits / static_cast<double>(value.size() - 1);
}

bool looks_random(std::string_view value) {
  // Of many characters the mean says more.
  const double least = value.size() >= 24 ? 4.0 : 4.3;
  constexpr size_t kHexDigits = 16;
  const bool hex = std::all_of(value.begin(), value.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  return hex && value.size() >= kHexDigits ? surprise(value) >= 2.6 : surprise(value) >= least;
}

}  // namespace sonde::detect
