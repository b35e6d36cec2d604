#include "agent/llm/surrogates.h"

#include <charconv>
#include <cstdint>
#include <vector>

#include "agent/llm/exchange.h"

namespace sonde::llm {
namespace {

constexpr uint32_t kFirst = 0xD800;  // of the surrogates: high to 0xDBFF, low from 0xDC00 on
constexpr uint32_t kFirstLow = 0xDC00;
constexpr uint32_t kBehind = 0xE000;
// U+10FFFE, which is never a character, and U+10F800 + (surrogate - 0xD800): in UTF-8 that is
// F4 8F A0..BF 80..BF.
constexpr std::string_view kLead = "\xF4\x8F\xBF\xBE\xF4\x8F";
constexpr size_t kStandInBytes = 8;
constexpr size_t kEscapeBytes = 6;  // \uXXXX

// The surrogate whose escape stands at the front; 0: something else.
uint32_t surrogate_front(std::string_view text) {
  if (text.size() < kEscapeBytes || text[0] != '\\' || text[1] != 'u') return 0;
  uint32_t unit = 0;
  const char* const end = text.data() + kEscapeBytes;
  const auto read = std::from_chars(text.data() + 2, end, unit, 16);
  return read.ptr == end && unit >= kFirst && unit < kBehind ? unit : 0;
}

bool is_high(uint32_t unit) { return unit >= kFirst && unit < kFirstLow; }
bool is_low(uint32_t unit) { return unit >= kFirstLow && unit < kBehind; }

// Whether the text ends where the second half may have followed.
bool may_be_cut(std::string_view behind) {
  return behind.size() < kEscapeBytes && behind.find('"') == std::string_view::npos;
}

void add_stand_in(std::string& out, uint32_t unit) {
  const uint32_t offset = unit - kFirst;
  out += kLead;
  out += static_cast<char>(0xA0 + (offset >> 6));
  out += static_cast<char>(0x80 + (offset & 63));
}

// The surrogate that the stand-in at the front means; 0: something else.
uint32_t stand_in_front(std::string_view text) {
  if (text.size() < kStandInBytes || !text.starts_with(kLead)) return 0;
  const auto third = static_cast<unsigned char>(text[kLead.size()]);
  const auto fourth = static_cast<unsigned char>(text[kLead.size() + 1]);
  return third < 0xA0 ? 0 : kFirst + ((third - 0xA0U) << 6) + (fourth & 63U);
}

void add_character(std::string& out, uint32_t high, uint32_t low) {
  const uint32_t point = 0x10000 + ((high - kFirst) << 10) + (low - kFirstLow);
  out += static_cast<char>(0xF0 | (point >> 18));
  out += static_cast<char>(0x80 | ((point >> 12) & 63));
  out += static_cast<char>(0x80 | ((point >> 6) & 63));
  out += static_cast<char>(0x80 | (point & 63));
}

void join_parts(std::vector<Part>& parts) {
  for (Part& part : parts) {
    join_surrogates(part.content);
    join_surrogates(part.arguments);
    join_surrogates(part.name);
    join_surrogates(part.annotations);
  }
}

}  // namespace

std::optional<std::string> mark_surrogates(std::string_view json) {
  std::string out;
  size_t copied = 0;
  for (size_t at = json.find('\\'); at < json.size(); at = json.find('\\', at)) {
    const uint32_t unit = surrogate_front(json.substr(at));
    if (unit == 0) {
      at += 2;  // what is escaped, a backslash among it
    } else if (is_high(unit) && is_low(surrogate_front(json.substr(at + kEscapeBytes)))) {
      at += 2 * kEscapeBytes;
    } else if (is_high(unit) && may_be_cut(json.substr(at + kEscapeBytes))) {
      break;
    } else {
      out += json.substr(copied, at - copied);
      add_stand_in(out, unit);
      at += kEscapeBytes;
      copied = at;
    }
  }
  if (copied == 0) return std::nullopt;
  out += json.substr(copied);
  return out;
}

void join_surrogates(std::string& text) {
  size_t at = text.find(kLead);
  if (at == std::string::npos) return;
  std::string out;
  size_t copied = 0;
  for (; at != std::string::npos; at = text.find(kLead, at)) {
    const std::string_view rest = std::string_view(text).substr(at);
    const uint32_t unit = stand_in_front(rest);
    if (unit == 0) {
      at += kLead.size();
      continue;
    }
    out.append(text, copied, at - copied);
    const uint32_t next = stand_in_front(rest.substr(kStandInBytes));
    const bool pair = is_high(unit) && is_low(next);
    if (pair) {
      add_character(out, unit, next);
    } else {
      out += "\xEF\xBF\xBD";
    }
    at += pair ? 2 * kStandInBytes : kStandInBytes;
    copied = at;
  }
  out.append(text, copied);
  text = std::move(out);
}

void join_surrogates(Exchange& exchange) {
  join_parts(exchange.system_instructions);
  for (Message& message : exchange.input) join_parts(message.parts);
  for (Message& message : exchange.output) join_parts(message.parts);
  join_surrogates(exchange.error_message);
  for (ToolDefinition& tool : exchange.tools) {
    join_surrogates(tool.description);
    join_surrogates(tool.parameters);
  }
}

}  // namespace sonde::llm
