#include "agent/detect/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sonde::detect {

namespace {

constexpr std::array<int8_t, 256> make_base64_table() {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (int i = 0; i < 26; ++i) {
    table[static_cast<size_t>('A' + i)] = static_cast<int8_t>(i);
    table[static_cast<size_t>('a' + i)] = static_cast<int8_t>(26 + i);
  }
  for (int i = 0; i < 10; ++i) table[static_cast<size_t>('0' + i)] = static_cast<int8_t>(52 + i);
  table['+'] = table['-'] = 62;
  table['/'] = table['_'] = 63;
  return table;
}
constexpr auto kBase64 = make_base64_table();

constexpr std::array<int8_t, 256> make_hex_table() {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (int i = 0; i < 10; ++i) table[static_cast<size_t>('0' + i)] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    table[static_cast<size_t>('a' + i)] = static_cast<int8_t>(10 + i);
    table[static_cast<size_t>('A' + i)] = static_cast<int8_t>(10 + i);
  }
  return table;
}
constexpr auto kHex = make_hex_table();

int base64_value(char c) { return kBase64[static_cast<uint8_t>(c)]; }
int hex_value(char c) { return kHex[static_cast<uint8_t>(c)]; }

bool is_percent_escape(std::string_view text, size_t i) {
  return i + 2 < text.size() && text[i] == '%' && hex_value(text[i + 1]) >= 0 &&
         hex_value(text[i + 2]) >= 0;
}

class RunFinder {
 public:
  explicit RunFinder(std::string_view text) : text_(text) {}

  std::vector<EncodedRun> find() {
    for (size_t i = 0; i < text_.size() && runs_.size() < kEncodedRuns;) {
      if (base64_value(text_[i]) < 0) {
        ++i;
        continue;
      }
      size_t end = i;
      bool all_hex = true;
      while (end < text_.size() && base64_value(text_[end]) >= 0) {
        all_hex = all_hex && hex_value(text_[end]) >= 0;
        ++end;
      }
      if (end - i >= kShortest) try_run(i, end, all_hex);
      i = end;
    }
    find_percent();
    return std::move(runs_);
  }

 private:
  static constexpr size_t kShortest = 24;

  void try_run(size_t start, size_t end, bool all_hex) {
    const std::string_view run = text_.substr(start, end - start);
    if (all_hex && run.size() % 2 == 0) {
      keep(start, end, "hex", decode_hex(run));
      return;
    }
    while (end < text_.size() && text_[end] == '=') ++end;
    keep(start, end, "base64", decode_base64(run));
  }

  // A stretch without white space that holds at least two escapes.
  void find_percent() {
    size_t next = text_.find('%');
    while (next != text_.npos && runs_.size() < kEncodedRuns) {
      const auto breaks = [](char c) { return c <= ' ' || c == '"' || c == '\''; };
      size_t start = next;
      while (start > 0 && !breaks(text_[start - 1])) --start;
      size_t end = next;
      size_t escapes = 0;
      while (end < text_.size() && !breaks(text_[end])) {
        if (is_percent_escape(text_, end)) ++escapes;
        ++end;
      }
      if (escapes >= 2) {
        keep(start, end, "percent", decode_percent(text_.substr(start, end - start)));
      }
      next = text_.find('%', end);
    }
  }

  void keep(size_t start, size_t end, std::string_view encoding, std::string decoded) {
    if (!is_printable(decoded) || bytes_ + decoded.size() > kEncodedBytes) return;
    bytes_ += decoded.size();
    runs_.push_back({start, end, encoding, std::move(decoded)});
  }

  std::string_view text_;
  std::vector<EncodedRun> runs_;
  size_t bytes_ = 0;
};

}  // namespace

std::vector<EncodedRun> find_encoded_runs(std::string_view text) { return RunFinder(text).find(); }

std::string decode_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) break;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>((bits >> count) & 0xFF));
    }
  }
  return out;
}

std::string decode_hex(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<char>(hex_value(text[i]) * 16 + hex_value(text[i + 1])));
  }
  return out;
}

std::string decode_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_percent_escape(text, i)) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
    i += 2;
  }
  return out;
}

bool is_printable(std::string_view text) {
  const auto printable = std::count_if(text.begin(), text.end(), [](char c) {
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
  });
  return !text.empty() && static_cast<size_t>(printable) * 10 >= text.size() * 9;
}

}  // namespace sonde::detect
