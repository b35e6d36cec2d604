#include "agent/detect/provenance/tokens.h"

#include <algorithm>
#include <charconv>

#include "agent/detect/model/fold.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// Length of the escape at `i`, and what it stands for (a separator for all white space).
size_t escape_at(std::string_view text, size_t i, uint32_t& code_point) {
  code_point = ' ';
  if (i + 1 >= text.size()) return 1;
  const char kind = text[i + 1];
  if (kind != 'u' || i + 6 > text.size()) return 2;
  uint32_t value = 0;
  for (const char c : text.substr(i + 2, 4)) {
    const auto low = static_cast<char>(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (low < 'a' || low > 'f')) return 2;
    value = value * 16 + static_cast<uint32_t>(digit ? c - '0' : low - 'a' + 10);
  }
  code_point = value >= 0xD800 && value < 0xE000 ? ' ' : value;
  return 6;
}

// The byte that "%2F" at `i` stands for; 0: none. URLs are written so inside of others.
uint8_t percent_at(std::string_view text, size_t i) {
  if (text[i] != '%' || i + 3 > text.size()) return 0;
  uint8_t value = 0;
  const char* end = text.data() + i + 3;
  return std::from_chars(text.data() + i + 1, end, value, 16).ptr == end ? value : 0;
}

}  // namespace

void Tokens::clear() {
  joined_.clear();
  starts_.clear();
  marks_.clear();
  in_word_ = false;
}

void Tokens::end_word() { in_word_ = false; }

// `gap`: what stands between the word before and this one.
void Tokens::begin_word(std::string_view gap, bool capital) {
  starts_.push_back(static_cast<uint32_t>(joined_.size()));
  uint8_t marks = capital ? kCapital : 0;
  const bool join = !gap.empty() && gap.find_first_not_of("-_.@/:\\'=&?%+") == gap.npos &&
                    gap != ":" && !(gap == "." && capital);
  if (join && starts_.size() > 1) marks |= kGlued;
  if (!gap.empty() && std::string_view("\"'`@#$~+").find(gap.back()) != gap.npos) marks |= kQuoted;
  marks_.push_back(marks);
}

void Tokens::append(std::string_view text, bool escaped) {
  end_word();
  size_t gap = 0;  // where the last word ended
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    uint32_t value = static_cast<uint8_t>(text[i]);
    size_t length = 1;
    if (escaped && text[i] == '\\') {
      length = escape_at(text, i, value);
    } else if (const uint8_t byte = percent_at(text, i); byte != 0) {
      value = byte < 0x80 ? byte : ' ';
      length = 3;
    } else if (value >= 0x80) {
      const model::CodePoint c = model::decode_utf8(text, i);
      value = c.value;
      length = c.length;
    }
    i += length;
    const uint32_t folded = value < 0x80 && !is_upper(static_cast<char>(value))
                                ? value
                                : model::unconfuse(model::fold(value));
    if (folded == model::kInvisible) continue;
    const auto kind = model::char_kind(folded);
    const bool part = kind == model::CharKind::kLetter || kind == model::CharKind::kDigit ||
                      kind == model::CharKind::kCharacter;
    if (!part) {
      end_word();
      continue;
    }
    if (!in_word_ || kind == model::CharKind::kCharacter) {
      begin_word(text.substr(gap, start - gap), is_upper(text[start]));
    }
    in_word_ = true;
    gap = i;
    append_utf8(joined_, folded);
  }
  end_word();
}

std::string_view Tokens::word(size_t index) const {
  const size_t start = starts_[index];
  const size_t end = index + 1 < starts_.size() ? starts_[index + 1] : joined_.size();
  return std::string_view(joined_).substr(start, end - start);
}

bool Tokens::is_edge(size_t position) const {
  return position == joined_.size() ||
         std::binary_search(starts_.begin(), starts_.end(), static_cast<uint32_t>(position));
}

bool Tokens::contains(std::string_view needle) const {
  if (needle.empty()) return false;
  for (size_t at = joined_.find(needle); at != std::string::npos;
       at = joined_.find(needle, at + 1)) {
    if (is_edge(at) && is_edge(at + needle.size())) return true;
  }
  return false;
}

Tokens tokens_of_name(std::string_view name) {
  std::string spaced;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool hump = i > 0 && is_upper(name[i]) &&
                      (is_lower(name[i - 1]) || (i + 1 < name.size() && is_lower(name[i + 1])));
    if (hump) spaced.push_back(' ');
    spaced.push_back(name[i]);
  }
  Tokens tokens;
  tokens.append(spaced, false);
  return tokens;
}

}  // namespace sonde::detect
