// Folding of text before it is read: UTF-8 to code points in one canonical lower-case form, so that
// full-width, mathematical, accented, styled and look-alike letters all read as the plain ones.
// Pure functions over constant tables; invalid UTF-8 never fails, it reads as U+FFFD byte by byte.
#pragma once

#include <array>
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

constexpr bool is_ascii_letter(uint32_t c) { return (c | 32) - 'a' < 26; }
constexpr bool is_ascii_digit(uint32_t c) { return c - '0' < 10; }

namespace detail {

// Nearly all text is ASCII: its answers are read from small tables without a call.
constexpr CharKind ascii_kind(uint32_t c) {
  if (c == '\n' || c == '\r') return CharKind::kNewline;
  if (c <= ' ' || c == 127) return CharKind::kSpace;
  if (is_ascii_letter(c)) return CharKind::kLetter;
  return is_ascii_digit(c) ? CharKind::kDigit : CharKind::kPunctuation;
}

constexpr auto make_ascii_kinds() {
  std::array<CharKind, 128> kinds{};
  for (uint32_t c = 0; c < kinds.size(); ++c) kinds[c] = ascii_kind(c);
  return kinds;
}
inline constexpr std::array<CharKind, 128> kAsciiKinds = make_ascii_kinds();

CodePoint decode_wide(std::string_view text, size_t position);
uint32_t fold_wide(uint32_t code_point);
CharKind wide_kind(uint32_t folded);

}  // namespace detail

// Decodes the code point at `position` (must be < text.size()).
inline CodePoint decode_utf8(std::string_view text, size_t position) {
  const auto lead = static_cast<uint8_t>(text[position]);
  return lead < 0x80 ? CodePoint{lead, 1} : detail::decode_wide(text, position);
}

// The folded form; kInvisible where nothing would be seen.
inline uint32_t fold(uint32_t code_point) {
  const bool plain = code_point >= ' ' && code_point < 0x80;
  if (!plain) return detail::fold_wide(code_point);
  return code_point - 'A' < 26 ? code_point | 32 : code_point;
}

// Kind of a folded code point.
inline CharKind char_kind(uint32_t folded) {
  return folded < 0x80 ? detail::kAsciiKinds[folded] : detail::wide_kind(folded);
}

}  // namespace sonde::detect::model
