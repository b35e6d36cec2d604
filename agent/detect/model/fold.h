// Folding of text before it is read: UTF-8 to code points in one canonical lower-case form, so that
// full-width, mathematical, accented, styled and look-alike letters all read as the plain ones.
// Pure functions over constant tables; invalid UTF-8 never fails, it reads as U+FFFD byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde::detect::model {

inline constexpr uint32_t kInvisible = 0;  // zero-width, marks, joiners: skipped
inline constexpr uint32_t kReplacement = 0xFFFD;

struct CodePoint {
  uint32_t value = 0;   // as written
  uint32_t length = 1;  // bytes
};

// Decodes the code point at `position` (must be < text.size()).
CodePoint decode_utf8(std::string_view text, size_t position);

// The folded form; kInvisible where nothing would be seen.
uint32_t fold(uint32_t code_point);

// The Latin letter that a Cyrillic, Greek or Armenian letter can be mistaken for; itself otherwise.
uint32_t unconfuse(uint32_t folded);

enum class CharKind : uint8_t {
  kSpace,
  kNewline,
  kLetter,     // scripts that separate words by spaces
  kCharacter,  // scripts that do not: Han, kana, Thai, Lao, Khmer, Burmese
  kDigit,
  kPunctuation,
  kSymbol,
};

// Kind of a folded code point.
CharKind char_kind(uint32_t folded);

inline bool is_ascii_letter(uint32_t c) { return (c | 32) - 'a' < 26; }
inline bool is_ascii_digit(uint32_t c) { return c - '0' < 10; }

}  // namespace sonde::detect::model
