#include "collector/store/text.h"

#include <array>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

namespace sonde::store {
namespace {

constexpr std::array<bool, 256> kWordBytes = [] {
  std::array<bool, 256> words{};
  for (size_t byte = 0; byte < words.size(); ++byte) {
    words[byte] = byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                  (byte >= 'A' && byte <= 'Z');
  }
  return words;
}();

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string_view clip(std::string_view text, size_t code_points) {
  if (text.size() <= code_points) return text;  // a code point has at least one byte
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && seen++ == code_points) return text.substr(0, i);
  }
  return text;
}

std::string without_nul(std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\0') {
      out += "\xEF\xBF\xBD";
    } else {
      out += c;
    }
  }
  return out;
}

std::string words_of(std::string_view text) {
  std::string out(text.size(), ' ');
  size_t size = 0;
  for (const char c : text) {
    if (kWordBytes[static_cast<unsigned char>(c)]) {
      out[size++] = c;
    } else if (size > 0 && out[size - 1] != ' ') {
      out[size++] = ' ';
    }
  }
  out.resize(size);
  return out;
}

std::string rfc3339(int64_t time_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<time_t>(time_ms / 1000)), time_ms % 1000);
}

}  // namespace sonde::store
