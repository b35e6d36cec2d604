// Finds text hidden in invisible Unicode and decodes it: tag characters, variation selectors,
// zero-width bits, bidirectional overrides. Pure, linear; spares what legitimate writing uses
// (flag emoji with subdivision tags, emoji variations and joiners, joiners of Arabic and Indic
// scripts, byte order marks, soft hyphens).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::detect {

struct SmuggledText {
  size_t start = 0;  // bytes
  size_t end = 0;
  std::string_view technique;  // unicode_tags, variation_selectors, zero_width, bidi_override
  std::string decoded;         // UTF-8; empty where the bits say nothing readable
  size_t characters = 0;       // invisible ones
};

inline constexpr size_t kSmuggledPerText = 16;
inline constexpr size_t kSmuggledDecodedBytes = size_t{64} << 10;

std::vector<SmuggledText> find_smuggled_text(std::string_view text);

}  // namespace sonde::detect
