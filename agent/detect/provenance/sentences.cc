#include "agent/detect/provenance/sentences.h"

#include <algorithm>
#include <array>

namespace sonde::detect {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(static_cast<char>(c | 0x20)); }

constexpr size_t kLongestTag = 300;
constexpr size_t kLongestKey = 48;

// End of the tag that opens at `i`, past its '>'; 0: no tag.
size_t tag_end(std::string_view text, size_t i) {
  if (text[i] != '<' || i + 2 >= text.size()) return 0;
  // What a comment says is hidden from people, not from models: only its mark is a tag.
  if (text.substr(i, 4) == "<!--") return i + 4;
  const size_t name = text[i + 1] == '/' || text[i + 1] == '!' ? i + 2 : i + 1;
  if (name >= text.size() || (!is_letter(text[name]) && text[name] != '-')) return 0;
  const size_t limit = std::min(text.size(), i + kLongestTag);
  for (size_t j = name; j < limit; ++j) {
    if (text[j] == '>') return j + 1;
    if (text[j] == '<') return 0;
  }
  return 0;
}

std::string_view tag_name(std::string_view text, size_t i) {
  const size_t start = i + 1 < text.size() && text[i + 1] == '/' ? i + 2 : i + 1;
  size_t end = start;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.substr(start, end - start);
}

bool is_inline(std::string_view tag) {
  constexpr auto kInline = std::to_array<std::string_view>(
      {"a",   "b",   "i", "u", "em", "strong", "span", "font",   "code", "small", "mark",
       "sub", "sup", "A", "B", "I",  "U",      "EM",   "STRONG", "SPAN", "FONT"});
  return std::find(kInline.begin(), kInline.end(), tag) != kInline.end();
}

}  // namespace

bool looks_like_json(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos &&
         (text[first] == '{' || text[first] == '[' || text[first] == '"');
}

std::string_view without_tags(std::string_view text, std::string& buffer) {
  if (text.find('<') == std::string_view::npos) return text;
  buffer.clear();
  for (size_t i = 0; i < text.size();) {
    const size_t end = tag_end(text, i);
    if (end == 0) {
      buffer.push_back(text[i++]);
      continue;
    }
    if (!is_inline(tag_name(text, i))) buffer.push_back(' ');
    i = end;
  }
  return buffer;
}

SentenceCutter::SentenceCutter(std::string_view text)
    : text_(text), escaped_(looks_like_json(text)) {}

// A line break, written as such or escaped. Inside of prose that was wrapped (the next line goes on
// in lower case) it is none.
size_t SentenceCutter::line_break(size_t i) const {
  size_t length = 0;
  if (text_[i] == '\n') {
    length = 1;
  } else if (escaped_ && text_[i] == '\\' && i + 1 < text_.size() && text_[i + 1] == 'n') {
    length = 2;
  }
  if (length == 0) return 0;
  size_t after = i + length;
  while (after < text_.size() && (text_[after] == ' ' || text_[after] == '\r')) ++after;
  const bool goes_on = after < text_.size() && is_lower(text_[after]) && i > 0 &&
                       (is_letter(text_[i - 1]) || text_[i - 1] == ',');
  if (!goes_on) return length;
  // "key: value" on the next line is a field of YAML, not the rest of a sentence.
  const std::string_view line = text_.substr(after, kLongestKey);
  const size_t colon = line.find(':');
  return colon != line.npos && line.substr(0, colon).find(' ') == line.npos ? length : 0;
}

// `"some key": ` or `'some key': `; the quote that opens the value goes with it.
size_t SentenceCutter::quoted_key(size_t i) const {
  const char quote = text_[i];
  if (quote != '"' && quote != '\'') return 0;
  const std::string_view rest = text_.substr(i + 1, kLongestKey);
  const size_t close = rest.find(quote);
  if (close == rest.npos || close == 0) return 0;
  size_t end = i + 1 + close + 1;
  while (end < text_.size() && text_[end] == ' ') ++end;
  if (end >= text_.size() || text_[end] != ':') return 0;
  ++end;
  while (end < text_.size() && (is_space(text_[end]) || text_[end] == '"' || text_[end] == '\'')) {
    ++end;
  }
  return end - i;
}

size_t SentenceCutter::block_tag(size_t i) const {
  const size_t end = tag_end(text_, i);
  return end != 0 && !is_inline(tag_name(text_, i)) ? end - i : 0;
}

bool SentenceCutter::ends_sentence(size_t i) const {
  const char c = text_[i];
  if (c != '.' && c != '!' && c != '?') return false;
  if (i + 1 == text_.size()) return true;
  const char next = text_[i + 1];
  if (next == '\\') return escaped_;
  if (!is_space(next) && next != '"' && next != '\'' && next != '<' && next != ')') return false;
  // "e.g. ", "Mr. ", "J. ": one or two letters before the dot.
  size_t letters = 0;
  while (letters < i && is_letter(text_[i - 1 - letters])) ++letters;
  return c != '.' || letters > 2 || letters == 0 || i + 2 >= text_.size();
}

size_t SentenceCutter::separator(size_t i) {
  if (const size_t length = quoted_key(i); length != 0) {
    new_field_ = true;
    return length;
  }
  if (const size_t length = block_tag(i); length != 0) return length;
  if (const size_t length = line_break(i); length != 0) return length;
  const char c = text_[i];
  const bool quote = c == '"' || c == '\'';
  if (quote && i + 1 < text_.size() &&
      (text_[i + 1] == ',' || text_[i + 1] == '}' || text_[i + 1] == ']')) {
    // The end of a quoted value; inside of prose a quote before a comma is left alone.
    if (escaped_ || text_[i + 1] != ',') {
      new_field_ = true;
      return 2;
    }
  }
  return ends_sentence(i) ? 1 : 0;
}

bool SentenceCutter::next(Sentence& sentence) {
  while (position_ < text_.size()) {
    const size_t start = position_;
    const size_t limit = std::min(text_.size(), start + kLongest);
    size_t end = start;
    size_t skip = 0;
    new_field_ = false;
    while (end < limit && (skip = separator(end)) == 0) ++end;
    const size_t field = field_;
    if (skip == 0 && end < text_.size()) {  // too long: cut before the word that did not fit
      const size_t space = text_.substr(start, end - start).rfind(' ');
      if (space != std::string_view::npos && space > 0) end = start + space;
    }
    position_ = std::max(end + skip, start + 1);
    if (new_field_) ++field_;
    constexpr size_t kShortest = 4;
    if (end - start < kShortest) continue;
    sentence = {start, end, field};
    return true;
  }
  return false;
}

}  // namespace sonde::detect
