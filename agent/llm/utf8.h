// UTF-8 as it comes from outside (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace sonde::llm {

// What stands at the front of a text: a character, or bytes that are none.
struct Utf8Sequence {
  size_t size = 1;  // of the character, or of the bytes to skip
  bool valid = false;
  bool cut = false;  // right so far, but the text ends inside it
};

// `text` is not empty. Refuses overlong forms, surrogates and what is above U+10FFFF.
Utf8Sequence utf8_front(std::string_view text);

// The longest beginning of at most `limit` bytes that cuts no character.
std::string_view utf8_prefix(std::string_view text, size_t limit);

bool is_utf8(std::string_view text);

}  // namespace sonde::llm
