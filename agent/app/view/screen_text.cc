#include "agent/app/view/screen_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "agent/llm/utf8.h"

namespace sonde::app {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr auto kUnseen = std::to_array<Range>({{0x00, 0x08},
                                               {0x0B, 0x1F},
                                               {0x7F, 0x9F},
                                               {0xAD, 0xAD},
                                               {0x61C, 0x61C},
                                               {0x115F, 0x1160},
                                               {0x180E, 0x180E},
                                               {0x200B, 0x200C},
                                               {0x200E, 0x200F},
                                               {0x2028, 0x202E},
                                               {0x2060, 0x206F},
                                               {0xFEFF, 0xFEFF},
                                               {0xFFF9, 0xFFFB},
                                               {0xE0000, 0xE0FFF}});
constexpr auto kWide = std::to_array<Range>({{0x1100, 0x115E},
                                             {0x2E80, 0x303E},
                                             {0x3041, 0xA4CF},
                                             {0xAC00, 0xD7A3},
                                             {0xF900, 0xFAFF},
                                             {0xFE30, 0xFE6F},
                                             {0xFF00, 0xFF60},
                                             {0xFFE0, 0xFFE6},
                                             {0x1F300, 0x1F64F},
                                             {0x1F680, 0x1F6FF},
                                             {0x1F900, 0x1FAFF},
                                             {0x20000, 0x3FFFD}});
constexpr auto kNoColumn = std::to_array<Range>({{0x300, 0x36F},
                                                 {0x483, 0x489},
                                                 {0x591, 0x5BD},
                                                 {0x64B, 0x65F},
                                                 {0x200D, 0x200D},
                                                 {0x20D0, 0x20FF},
                                                 {0xFE00, 0xFE0F},
                                                 {0x1F3FB, 0x1F3FF}});

template <size_t kCount>
bool is_in(const std::array<Range, kCount>& ranges, char32_t point) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), point,
                       [](char32_t value, const Range& range) { return value < range.first; });
  return after != ranges.begin() && point <= std::prev(after)->last;
}

// Of a sequence that utf8_front() found valid.
char32_t code_point(std::string_view sequence) {
  const auto lead = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return lead;
  constexpr unsigned kContinuationBits = 6;
  char32_t point = lead & (0x7FU >> sequence.size());
  for (const char c : sequence.substr(1)) {
    point = (point << kContinuationBits) | (static_cast<uint8_t>(c) & 0x3FU);
  }
  return point;
}

size_t width_of(char32_t point) {
  if (is_in(kNoColumn, point)) return 0;
  return is_in(kWide, point) ? 2 : 1;
}

struct Character {
  std::string_view bytes;
  size_t columns = 1;
};

Character first_character(std::string_view text) {
  const llm::Utf8Sequence sequence = llm::utf8_front(text);
  const std::string_view bytes = text.substr(0, sequence.size);
  return {bytes, sequence.valid ? width_of(code_point(bytes)) : 1};
}

// One line of `text`, which has no newline: as many whole words as fit, or a part of a long one.
std::string_view take_line(std::string_view text, size_t columns) {
  size_t used = 0;
  size_t end = 0;
  size_t break_at = 0;  // behind the last blank that fits
  while (end < text.size()) {
    const Character next = first_character(text.substr(end));
    if (used + next.columns > columns && end > 0) {
      return text.substr(0, next.bytes == " " ? end : break_at > 0 ? break_at : end);
    }
    used += next.columns;
    end += next.bytes.size();
    if (next.bytes == " ") break_at = end;
  }
  return text;
}

std::string_view without_blanks_at_end(std::string_view line) {
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

}  // namespace

std::string spell_out(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const llm::Utf8Sequence sequence = llm::utf8_front(text);
    const std::string_view bytes = text.substr(0, sequence.size);
    text.remove_prefix(bytes.size());
    if (!sequence.valid) {
      for (const char c : bytes) out += fmt::format("<{:02X}>", static_cast<uint8_t>(c));
      continue;
    }
    const char32_t point = code_point(bytes);
    if (point == '\t') {
      out += ' ';
    } else if (point == '\r' && text.starts_with('\n')) {
      continue;
    } else if (is_in(kUnseen, point)) {
      out += fmt::format("<U+{:04X}>", static_cast<uint32_t>(point));
    } else {
      out += bytes;
    }
  }
  return out;
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const Character next = first_character(text);
    columns += next.columns;
    text.remove_prefix(next.bytes.size());
  }
  return columns;
}

std::vector<std::string> wrap(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  for (;;) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    do {
      const std::string_view piece = columns == 0 ? line : take_line(line, columns);
      lines.emplace_back(without_blanks_at_end(piece));
      line.remove_prefix(piece.size());
      if (columns != 0 && !piece.empty()) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      }
    } while (!line.empty());
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string tail(std::string_view text, size_t columns) {
  size_t start = text.size();
  size_t used = 0;
  while (start > 0) {
    size_t before = start - 1;
    while (before > 0 && (static_cast<uint8_t>(text[before]) & 0xC0U) == 0x80U) --before;
    used += first_character(text.substr(before)).columns;
    if (used > columns) break;
    start = before;
  }
  return std::string(text.substr(start));
}

std::string head(std::string_view text, size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  constexpr std::string_view kMore = "...";
  const size_t room = columns > kMore.size() ? columns - kMore.size() : 0;
  size_t end = 0;
  size_t used = 0;
  while (end < text.size()) {
    const Character next = first_character(text.substr(end));
    used += next.columns;
    if (used > room) break;
    end += next.bytes.size();
  }
  return std::string(text.substr(0, end)) + std::string(kMore.substr(0, columns));
}

}  // namespace sonde::app
