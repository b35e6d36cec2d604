// One function per encoding, called by find_encoded() when a cheap sign of it was seen. Each
// appends what it could decode to `views` and is linear in the text.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/detect/model/decoders.h"

namespace sonde::detect::model {

void decode_tags(std::string_view text, Views& views);
void decode_base64_runs(std::string_view text, Views& views);
void decode_hex_runs(std::string_view text, Views& views);         // 69676e...
void decode_hex_runs_spaced(std::string_view text, Views& views);  // 69 67 6e, \x69, 0x69
void decode_number_runs(std::string_view text, Views& views);      // 105 103, 01101001
void decode_escapes(std::string_view text, Views& views);
void decode_morse(std::string_view text, Views& views);
void join_spaced(std::string_view text, const Lexicon& lexicon, Views& views);
void undo_leetspeak(std::string_view text, const Lexicon& lexicon, Views& views);
void join_literals(std::string_view text, Views& views);

// 1..25: letters moved back by so many places; 26: atbash; 27: the characters in reverse order.
void shift_letters(std::string_view text, int shift, std::string& out);

// Mostly printable, with letters: what a person could have meant to be read.
bool reads_as_text(std::string_view decoded);

void append_utf8(std::string& out, uint32_t code_point);

inline constexpr auto kHexValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (uint8_t i = 0; i < 10; ++i) values['0' + i] = static_cast<int8_t>(i);
  for (uint8_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<int8_t>(10 + i);
  return values;
}();
// -1 where it is none.
inline int hex_value(char c) { return kHexValues[static_cast<uint8_t>(c)]; }

}  // namespace sonde::detect::model
