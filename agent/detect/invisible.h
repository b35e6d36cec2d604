// Code points that leave no mark on a screen, by what they can be abused for.
#pragma once

#include <cstdint>

namespace sonde::detect {

constexpr bool is_tag(uint32_t c) { return c >= 0xE0000 && c <= 0xE007F; }
constexpr bool is_variation_selector(uint32_t c) {
  return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}
constexpr bool is_bidi_control(uint32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}
// Zero-width characters, invisible operators, fillers, shorthand and musical format controls.
constexpr bool is_zero_width(uint32_t c) {
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x2064) ||
         (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || c == 0x00AD || c == 0x034F || c == 0x061C ||
         c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 || (c >= 0x180B && c <= 0x180E) ||
         c == 0x3164 || c == 0xFFA0 || (c >= 0x1BCA0 && c <= 0x1BCA3) ||
         (c >= 0x1D173 && c <= 0x1D17A);
}
constexpr bool is_invisible(uint32_t c) {
  return c >= 0xAD &&
         (is_zero_width(c) || is_bidi_control(c) || is_variation_selector(c) || is_tag(c));
}

}  // namespace sonde::detect
