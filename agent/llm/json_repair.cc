#include "agent/llm/json_repair.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "agent/llm/utf8.h"

namespace sonde::llm {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Four hexadecimal digits; nullopt: something else stands there.
std::optional<uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return value;
}

bool is_high(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// -?digits[.digits][e[+-]digits] without leading zeros (RFC 8259, 6).
bool is_number(std::string_view text, bool& whole) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  const size_t integer_at = at;
  const size_t integer = digits();
  if (integer == 0 || (integer > 1 && text[integer_at] == '0')) return false;
  whole = at == text.size();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// What is too small for a double is zero to every reader, what is too large is refused by some.
bool is_finite(std::string_view number) {
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec == std::errc{}) return true;
  return std::isfinite(std::strtod(std::string(number).c_str(), nullptr));
}

class Repairer {
 public:
  Repairer(std::string_view text, size_t max_depth) : rest_(text), max_depth_(max_depth) {
    out_.reserve(text.size() + 64);
  }

  std::optional<std::string> run() {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    skip_space();
    if (rest_.empty() || (rest_[0] != '{' && rest_[0] != '[')) return std::nullopt;
    do {
      skip_space();
    } while (step() && !open_.empty());
    out_.resize(safe_);
    for (; !open_.empty(); open_.pop_back()) out_ += open_.back().object ? '}' : ']';
    return std::move(out_);
  }

 private:
  struct Container {
    bool object = false;
    bool empty = true;      // nothing was written into it
    bool separated = true;  // at its start or behind a comma: another element may come
  };

  void skip_space() {
    while (!rest_.empty() && is_space(rest_[0])) rest_.remove_prefix(1);
  }
  void close_value() { safe_ = out_.size(); }

  // One element, or what stands between two. False: the text cannot go on from here.
  bool step() {
    if (rest_.empty()) return false;
    if (open_.empty()) return value();
    Container& top = open_.back();
    if (rest_[0] == (top.object ? '}' : ']')) return close();
    if (rest_[0] == ',') {
      if (top.separated) return false;
      top.separated = true;
      rest_.remove_prefix(1);
      return true;
    }
    if (!top.separated) return false;
    top.separated = false;
    if (!top.empty) out_ += ',';
    top.empty = false;
    if (top.object && !key()) return false;
    return value();
  }

  bool close() {
    out_ += open_.back().object ? '}' : ']';
    open_.pop_back();
    rest_.remove_prefix(1);
    close_value();
    return true;
  }

  bool key() {
    if (rest_[0] != '"' || !string()) return false;
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    skip_space();
    if (rest_.empty() || rest_[0] != ':') return false;
    rest_.remove_prefix(1);
    out_ += ':';
    skip_space();
    return !rest_.empty();
  }

  bool value() {
    const char first = rest_[0];
    if (first == '{' || first == '[') {
      if (open_.size() >= max_depth_) return false;
      open_.push_back({.object = first == '{'});
      out_ += first;
      rest_.remove_prefix(1);
      close_value();
      return true;
    }
    if (first == '"') {
      const bool whole = string();
      close_value();
      return whole;
    }
    return scalar();
  }

  bool scalar() {
    const auto ends = [](char c) { return is_space(c) || c == ',' || c == '}' || c == ']'; };
    const auto end = std::find_if(rest_.begin(), rest_.end(), ends);
    if (end == rest_.end()) return false;  // it may be cut
    const std::string_view token = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
    bool whole = false;
    if (token == "true" || token == "false" || token == "null") {
      out_ += token;
    } else if (token == "NaN" || token == "Infinity" || token == "-Infinity") {
      out_ += "null";
    } else if (is_number(token, whole)) {
      constexpr size_t kSafeDigits = 18;  // always within 64 bits
      const bool finite = is_finite(token);
      out_ += finite ? token : std::string_view("null");
      if (finite && whole && token.size() > kSafeDigits) out_ += ".0";
    } else {
      return false;
    }
    rest_.remove_prefix(token.size());
    close_value();
    return true;
  }

  // A string from its opening quote on; closed even if the text is cut inside, which answers false.
  bool string() {
    out_ += '"';
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != '"') {
      if (!character()) {
        rest_ = {};
        break;
      }
    }
    out_ += '"';
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void take(size_t count) {
    out_ += rest_.substr(0, count);
    rest_.remove_prefix(count);
  }
  void replace(size_t count) {
    out_ += kReplacement;
    rest_.remove_prefix(count);
  }

  // False: it is cut.
  bool character() {
    const unsigned char first = static_cast<unsigned char>(rest_[0]);
    if (first == '\\') return escape();
    if (first < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out_ += "\\u00";
      out_ += kHex[first >> 4];
      out_ += kHex[first & 15];
      rest_.remove_prefix(1);
      return true;
    }
    if (first < 0x80) {
      const auto plain = [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 &&
               c != '"' && c != '\\';
      };
      const auto end = std::find_if_not(rest_.begin(), rest_.end(), plain);
      take(static_cast<size_t>(end - rest_.begin()));
      return true;
    }
    const Utf8Sequence sequence = utf8_front(rest_);
    if (sequence.cut) return false;
    sequence.valid ? take(sequence.size) : replace(sequence.size);
    return true;
  }

  bool escape() {
    if (rest_.size() < 2) return false;
    if (rest_[1] != 'u') {
      const bool known = std::string_view("\"\\/bfnrt").find(rest_[1]) != std::string_view::npos;
      if (known) {
        take(2);
      } else {
        rest_.remove_prefix(1);  // "\x" reads as "x"
      }
      return true;
    }
    constexpr size_t kUnit = 6;  // \uXXXX
    if (rest_.size() < kUnit) return false;
    const auto unit = hex4(rest_.substr(2));
    if (!unit) {
      replace(2);
    } else if (is_low(*unit)) {
      replace(kUnit);
    } else if (!is_high(*unit)) {
      take(kUnit);
    } else {
      if (rest_.size() < 2 * kUnit && rest_.find('"') == std::string_view::npos) return false;
      const bool pair = rest_.substr(kUnit).starts_with("\\u") &&
                        is_low(hex4(rest_.substr(kUnit + 2)).value_or(0));
      pair ? take(2 * kUnit) : replace(kUnit);
    }
    return true;
  }

  std::string_view rest_;
  size_t max_depth_;
  std::string out_;
  size_t safe_ = 0;  // what stands before it becomes valid by closing open_
  std::vector<Container> open_;
};

}  // namespace

std::optional<std::string> repair_json(std::string_view text, size_t max_depth) {
  return Repairer(text, max_depth).run();
}

}  // namespace sonde::llm
