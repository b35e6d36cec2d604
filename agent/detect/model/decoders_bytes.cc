// Encodings of bytes: base64, hex, character codes, escapes, invisible tag characters.
#include <algorithm>

#include "agent/detect/model/decoders_internal.h"
#include "agent/detect/model/fold.h"

namespace sonde::detect::model {
namespace {

constexpr size_t kShortestRun = 16;

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

void keep_if_text(View& view, Views& views) {
  if (reads_as_text(view.text)) views.keep();
}

bool decode_base64(std::string_view run, std::string& out, size_t room) {
  uint32_t bits = 0;
  int count = 0;
  for (const char c : run) {
    const int value = base64_value(c);
    if (value < 0) continue;  // line ends
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xFF));
      if (out.size() >= room) return true;
      // Nothing readable in the first bytes: not worth the rest.
      if (out.size() == 12 && !reads_as_text(out)) return false;
    }
  }
  return true;
}

// Digits of one base at `i`; moves i behind them. -1 where there are none.
int take_number(std::string_view text, size_t& i, int base, size_t most) {
  int value = 0;
  size_t digits = 0;
  for (; i < text.size() && digits < most; ++i, ++digits) {
    const int digit = hex_value(text[i]);
    if (digit < 0 || digit >= base) break;
    value = value * base + digit;
  }
  return digits == 0 ? -1 : value;
}

}  // namespace

bool reads_as_text(std::string_view decoded) {
  if (decoded.size() < 6) return false;
  size_t letters = 0;
  size_t odd = 0;
  for (size_t i = 0; i < decoded.size();) {
    const CodePoint point = decode_utf8(decoded, i);
    i += point.length;
    if (point.value == kReplacement ||
        (point.value < 0x20 && point.value != '\n' && point.value != '\t' && point.value != '\r')) {
      ++odd;
    } else {
      const CharKind kind = char_kind(fold(point.value));
      letters +=
          kind == CharKind::kLetter || kind == CharKind::kCharacter || point.value == ' ' ? 1 : 0;
    }
  }
  return odd * 30 <= decoded.size() && letters * 4 >= decoded.size();
}

void append_utf8(std::string& out, uint32_t c) {
  const auto byte = [&](uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | c >> 6);
    byte(0x80 | (c & 63));
  } else if (c < 0x10000) {
    byte(0xE0 | c >> 12);
    byte(0x80 | (c >> 6 & 63));
    byte(0x80 | (c & 63));
  } else if (c < 0x110000) {
    byte(0xF0 | c >> 18);
    byte(0x80 | (c >> 12 & 63));
    byte(0x80 | (c >> 6 & 63));
    byte(0x80 | (c & 63));
  }
}

void decode_tags(std::string_view text, Views& views) {
  View* view = views.open(0, text.size());
  if (view == nullptr) return;
  size_t first = text.size();
  size_t last = 0;
  for (size_t i = 0; i < text.size() && view->text.size() < views.room();) {
    const CodePoint point = decode_utf8(text, i);
    uint32_t hidden = 0;
    if (point.value >= 0xE0020 && point.value < 0xE007F) hidden = point.value - 0xE0000;
    if (point.value >= 0xE0100 && point.value <= 0xE01EF) hidden = point.value - 0xE0100 + 16;
    if (hidden != 0) {
      view->text.push_back(static_cast<char>(hidden));
      first = std::min(first, i);
      last = i + point.length;
    }
    i += point.length;
  }
  view->start = std::min(first, last);
  view->end = last;
  keep_if_text(*view, views);
}

void decode_base64_runs(std::string_view text, Views& views) {
  for (size_t i = 0; i < text.size();) {
    if (base64_value(text[i]) < 0) {
      ++i;
      continue;
    }
    const size_t start = i;
    size_t line = i;
    while (i < text.size()) {
      if (base64_value(text[i]) >= 0) {
        ++i;
      } else if (text[i] == '\n' && i - line >= 56 && i + 1 < text.size() &&
                 base64_value(text[i + 1]) >= 0) {
        line = ++i;  // MIME lines
      } else {
        break;
      }
    }
    const size_t last = i;
    while (i < text.size() && text[i] == '=') ++i;
    if (last - start < kShortestRun) continue;
    View* view = views.open(start, i);
    if (view == nullptr) return;
    if (decode_base64(text.substr(start, i - start), view->text, views.room()))
      keep_if_text(*view, views);
  }
}

void decode_hex_runs(std::string_view text, Views& views) {
  for (size_t i = 0; i < text.size();) {
    if (hex_value(text[i]) < 0) {
      ++i;
      continue;
    }
    const size_t start = i;
    while (i < text.size() && hex_value(text[i]) >= 0) ++i;
    if (i - start < kShortestRun || (i - start) % 2 != 0) continue;
    View* view = views.open(start, i);
    if (view == nullptr) return;
    for (size_t k = start; k + 1 < i && view->text.size() < views.room(); k += 2) {
      view->text.push_back(static_cast<char>(hex_value(text[k]) << 4 | hex_value(text[k + 1])));
    }
    keep_if_text(*view, views);
  }
}

void decode_hex_runs_spaced(std::string_view text, Views& views) {
  const auto two_digits = [&](size_t i) {
    return i + 1 < text.size() && hex_value(text[i]) >= 0 && hex_value(text[i + 1]) >= 0 &&
           (i + 2 == text.size() || hex_value(text[i + 2]) < 0);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (!two_digits(i) || (i > 0 && hex_value(text[i - 1]) >= 0)) continue;
    View* view = views.open(i, i);
    if (view == nullptr) return;
    size_t at = i;
    while (two_digits(at) && view->text.size() < views.room()) {
      view->text.push_back(static_cast<char>(hex_value(text[at]) << 4 | hex_value(text[at + 1])));
      at += 2;
      for (size_t skip = 0; skip < 4 && at < text.size() && !two_digits(at); ++skip) {
        if (std::string_view(" ,:\\x0").find(text[at]) == std::string_view::npos) break;
        ++at;
      }
    }
    view->end = std::min(at, text.size());
    if (view->text.size() >= 8) keep_if_text(*view, views);
    i = at;
  }
}

// Decimal codes of letters, or bits in eights, separated by blanks or commas.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): two alphabets, one separator rule
void decode_number_runs(std::string_view text, Views& views) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_ascii_digit(static_cast<uint8_t>(text[i])) || (i > 0 && hex_value(text[i - 1]) >= 0))
      continue;
    View* view = views.open(i, i);
    if (view == nullptr) return;
    size_t at = i;
    while (at < text.size() && view->text.size() < views.room()) {
      size_t next = at;
      int value = take_number(text, next, 2, 8);
      const bool bits = next - at == 8;
      if (!bits) {
        next = at;
        value = take_number(text, next, 10, 3);
      }
      if (value < 32 || value > 255) break;
      append_utf8(view->text, static_cast<uint32_t>(value));
      at = next;
      while (at < text.size() && (text[at] == ' ' || text[at] == ',')) ++at;
      if (at == next && !bits) break;
    }
    view->end = std::max(at, i + 1);
    if (view->text.size() >= 8) keep_if_text(*view, views);
    i = view->end - 1;
  }
}

namespace {

// The escape at `at`: its value and where it ends. `byte`: the value is a byte of UTF-8, not a code
// point.
struct Escape {
  int value = -1;
  size_t end = 0;
  bool byte = false;
};

Escape read_escape(std::string_view text, size_t at) {
  const char first = text[at];
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  Escape escape;
  if (first == '%' || (first == '\\' && next == 'x')) {
    const size_t digits = at + (first == '%' ? 1 : 2);
    escape.end = digits;
    escape.value = take_number(text, escape.end, 16, 2);
    escape.byte = true;
    if (escape.end - digits != 2) escape.value = -1;
  } else if (first == '\\' && next == 'u') {
    escape.end = at + 2;
    escape.value = take_number(text, escape.end, 16, 4);
  } else if (first == '&' && next == '#') {
    escape.end = at + 2;
    const bool hex = escape.end < text.size() && (text[escape.end] | 32) == 'x';
    escape.end += hex ? 1 : 0;
    escape.value = take_number(text, escape.end, hex ? 16 : 10, 6);
    if (escape.end < text.size() && text[escape.end] == ';') ++escape.end;
  }
  return escape;
}

}  // namespace

// The whole text with %XX, \uXXXX, \xXX and &#N; undone.
void decode_escapes(std::string_view text, Views& views) {
  View* view = views.open(0, text.size());
  if (view == nullptr) return;
  size_t undone = 0;
  for (size_t i = 0; i < text.size() && view->text.size() < views.room();) {
    const Escape escape = read_escape(text, i);
    if (escape.value <= 0) {
      view->text.push_back(text[i++]);
      continue;
    }
    if (escape.byte) {
      view->text.push_back(static_cast<char>(escape.value));
    } else {
      append_utf8(view->text, static_cast<uint32_t>(escape.value));
    }
    ++undone;
    i = escape.end;
  }
  if (undone >= 5) views.keep();
}

}  // namespace sonde::detect::model
