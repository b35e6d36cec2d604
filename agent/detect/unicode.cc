#include "agent/detect/unicode.h"

#include <algorithm>

#include <unicode/uchar.h>

namespace sonde::detect {

namespace {

constexpr uint32_t kReplacement = 0xFFFD;

bool is_continuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

}  // namespace

CodePointAt code_point_at(std::string_view text, size_t position) {
  const auto lead = static_cast<uint8_t>(text[position]);
  if (lead < 0x80) return {lead, 1};
  const uint32_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - position < length) return {kReplacement, 1};
  uint32_t value = lead & (0xFFU >> (length + 1));
  for (uint32_t i = 1; i < length; ++i) {
    if (!is_continuation(text[position + i])) return {kReplacement, 1};
    value = (value << 6) | (static_cast<uint8_t>(text[position + i]) & 0x3F);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {kReplacement, 1};
  return {value, length};
}

void append_utf8(std::string& out, uint32_t code_point) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

size_t back(std::string_view text, size_t position, size_t count) {
  position = std::min(position, text.size());
  while (count-- > 0 && position > 0) {
    --position;
    for (int i = 0; i < 3 && position > 0 && is_continuation(text[position]); ++i) --position;
  }
  return position;
}

size_t forward(std::string_view text, size_t position, size_t count) {
  while (count-- > 0 && position < text.size()) position += code_point_at(text, position).length;
  return std::min(position, text.size());
}

std::string lower_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePointAt c = code_point_at(text, i);
    if (c.value < 0x80) {
      out.push_back(static_cast<char>(c.value >= 'A' && c.value <= 'Z' ? c.value + 32 : c.value));
    } else {
      append_utf8(out, static_cast<uint32_t>(u_tolower(static_cast<UChar32>(c.value))));
    }
    i += c.length;
  }
  return out;
}

size_t count_code_points(std::string_view text) { return CodePointCounter(text).at(text.size()); }

size_t CodePointCounter::at(size_t byte_offset) {
  if (byte_offset < bytes_) bytes_ = code_points_ = 0;
  byte_offset = std::min(byte_offset, text_.size());
  while (bytes_ < byte_offset) {
    bytes_ += code_point_at(text_, bytes_).length;
    ++code_points_;
  }
  return code_points_;
}

}  // namespace sonde::detect
