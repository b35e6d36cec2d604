// Code points of UTF-8 text that nobody promised to be valid: a byte that fits nowhere counts as
// one code point, as it would be shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::detect {

struct CodePointAt {
  uint32_t value = 0;   // U+FFFD for a stray byte
  uint32_t length = 1;  // bytes
};

// `position` must be < text.size().
CodePointAt code_point_at(std::string_view text, size_t position);

void append_utf8(std::string& out, uint32_t code_point);

// The start of the code point that is `count` code points before/after `position`, clamped to the
// text.
size_t back(std::string_view text, size_t position, size_t count);
size_t forward(std::string_view text, size_t position, size_t count);

// In lower case, code point by code point (Unicode's simple mapping).
std::string lower_case(std::string_view text);

size_t count_code_points(std::string_view text);

// Byte offsets to code point offsets. Cheap when asked in ascending order.
class CodePointCounter {
 public:
  explicit CodePointCounter(std::string_view text) : text_(text) {}
  size_t at(size_t byte_offset);

 private:
  std::string_view text_;
  size_t bytes_ = 0;
  size_t code_points_ = 0;
};

}  // namespace sonde::detect
