// Names that applications choose go to terminals only without what a terminal obeys.
#pragma once

#include <string>
#include <string_view>

namespace sonde::app {

// Control characters (C0, DEL, and C1 in UTF-8) become '?'; at most `most` bytes.
inline std::string printable(std::string_view text, size_t most = 120) {
  std::string out;
  for (size_t i = 0; i < text.size() && out.size() < most; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    out += c1 || byte < 0x20 || byte == 0x7F ? '?' : text[i];
  }
  return out;
}

}  // namespace sonde::app
