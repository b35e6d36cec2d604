#include "agent/llm/utf8.h"

namespace sonde::llm {

Utf8Sequence utf8_front(std::string_view text) {
  const auto byte = [&](size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {.size = 1, .valid = true};
  if (first < 0xC2 || first > 0xF4) return {};
  const size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  // The second byte's range refuses overlong forms and surrogates (RFC 3629, 4).
  const unsigned char lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < size; ++i) {
    if (i == text.size()) return {.size = i, .cut = true};
    const bool fits = i == 1 ? byte(i) >= lowest && byte(i) <= highest : (byte(i) & 0xC0) == 0x80;
    if (!fits) return {.size = i};
  }
  return {.size = size, .valid = true};
}

std::string_view utf8_prefix(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Sequence front = utf8_front(text);
    if (!front.valid) return false;
    text.remove_prefix(front.size);
  }
  return true;
}

}  // namespace sonde::llm
