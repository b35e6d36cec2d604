// The tokenizer's reading of punctuation, quotes, tags and escapes: where segments end, and which
// marks mean something.
#include <algorithm>

#include "agent/detect/model/fold.h"
#include "agent/detect/model/tokenizer.h"
#include "agent/detect/model/tokenizer_internal.h"

namespace sonde::detect::model {
namespace {

constexpr uint32_t kBlockTags[] = {
    hash_ascii("p"),      hash_ascii("div"),   hash_ascii("br"),      hash_ascii("li"),
    hash_ascii("td"),     hash_ascii("th"),    hash_ascii("tr"),      hash_ascii("h1"),
    hash_ascii("h2"),     hash_ascii("h3"),    hash_ascii("h4"),      hash_ascii("table"),
    hash_ascii("ul"),     hash_ascii("ol"),    hash_ascii("body"),    hash_ascii("html"),
    hash_ascii("head"),   hash_ascii("title"), hash_ascii("section"), hash_ascii("article"),
    hash_ascii("script"), hash_ascii("style"), hash_ascii("header"),  hash_ascii("footer"),
    hash_ascii("meta"),   hash_ascii("link"),  hash_ascii("img"),     hash_ascii("button"),
    hash_ascii("nav"),    hash_ascii("main"),  hash_ascii("form"),    hash_ascii("input"),
    hash_ascii("tbody"),  hash_ascii("thead"), hash_ascii("pre"),     hash_ascii("blockquote")};

bool is_run_char(char c) {
  return std::string_view("-=#*_~`\"|+<>.").find(c) != std::string_view::npos;
}
}  // namespace

Tokenizer::Step Tokenizer::read_punctuation(uint32_t folded, uint32_t raw, size_t length) {
  const char c = static_cast<char>(folded);
  if (is_run_char(c) && raw < 128 && read_run(c)) return Step::kGoOn;
  switch (c) {
    case '.':
    case '!':
    case '?':
      return read_stop(folded, raw, length);
    case '"':
    case '\'':
      return read_quote(folded, length);
    case '<':
      return read_tag();
    case '>': {
      ++position_;
      const bool ends = in_block_tag_;
      in_block_tag_ = false;
      return ends ? Step::kBreak : Step::kGoOn;
    }
    case '\\':
      return read_backslash();
    case ':':
      return read_colon();
    default:
      break;
  }
  const size_t start = position_;
  position_ += length;
  switch (c) {
    case ',':
      push(builtin_hash(kClassComma), kClassComma, kQuietWord, start, position_);
      break;
    case '$':
      push(builtin_hash(kClassMoney), kClassMoney, 0, start, position_);
      break;
    case '|':
      ++code_marks_;
      if (kind_ == SegmentKind::kText) kind_ = SegmentKind::kRow;
      break;
    case '#':
      if (count_ == 0)
        kind_ = peek(0) == ' ' || peek(0) == '#' ? SegmentKind::kHeading : SegmentKind::kText;
      break;
    case '*':
    case '-':
      if (count_ == 0 && peek(0) == ' ') kind_ = SegmentKind::kItem;
      break;
    case '/':
      if (count_ == 0 && (peek(0) == '/' || peek(0) == '*'))
        kind_ = SegmentKind::kComment;
      else if (start > 0 && is_space(text_[start - 1]) &&
               is_ascii_letter(static_cast<uint8_t>(peek(0))))
        push(builtin_hash(kClassPath), kClassPath, 0, start, position_);
      break;
    case '{':
    case '}':
    case '(':
    case ')':
    case ';':
    case '=':
      ++code_marks_;
      break;
    default:
      break;
  }
  return Step::kGoOn;
}

// Three and more of the same sign set something apart.
bool Tokenizer::read_run(char c) {
  size_t length = 1;
  while (peek(length) == c) ++length;
  if (length < 3) return false;
  const size_t start = position_;
  position_ += length;
  if (c != '.') push(builtin_hash(kClassDelimiter), kClassDelimiter, 0, start, position_);
  return true;
}

Tokenizer::Step Tokenizer::read_stop(uint32_t folded, uint32_t raw, size_t length) {
  const size_t start = position_;
  position_ += length;
  if (folded != '.') {
    while (peek(0) == '!' || peek(0) == '?') ++position_;
    const ClassId cls = folded == '?' ? kClassQuestion : kClassExclaim;
    push(builtin_hash(cls), cls, 0, start, position_);
  }
  if (raw >= 128) return Step::kBreak;
  while (peek(0) == '"' || peek(0) == '\'' || peek(0) == ')' || peek(0) == '*') ++position_;
  const char after = peek(0);
  const bool ends = after == '\0' || is_space(after) || after == '<' || after == '[';
  if (!ends) return Step::kGoOn;
  // "e.g. ", "No. 5": one short word before the stop is no sentence.
  if (folded == '.' && count_ < 2) return Step::kGoOn;
  if (folded == '.' && count_ > 0) {
    const Token& last = tokens_[count_ - 1];
    if (last.end - last.start == 1 && last.cls != kClassNumber && last.end == start)
      return Step::kGoOn;
  }
  return Step::kBreak;
}

// A closing quote before , : } ] ends a string of JSON or Python; what follows is another field.
Tokenizer::Step Tokenizer::read_quote(uint32_t folded, size_t length) {
  const size_t start = position_;
  position_ += length;
  size_t skip = 0;
  while (peek(skip) == ' ' && skip < 4) ++skip;
  const char after = peek(skip);
  const bool closes = count_ > 0 && start == tokens_[count_ - 1].end;
  if (closes ||
      (start > 0 && std::string_view(".!?)]}").find(text_[start - 1]) != std::string_view::npos)) {
    if (after == ',' || after == ':' || after == '}' || after == ']') {
      kind_ = SegmentKind::kString;
      ++position_;
      return Step::kBreak;
    }
  }
  if (folded == '"') push(builtin_hash(kClassQuote), kClassQuote, kQuietWord, start, position_);
  return Step::kGoOn;
}

Tokenizer::Step Tokenizer::read_tag() {
  const size_t start = position_;
  if (peek(1) == '|' || peek(1) == '<') {
    position_ += 2;
    push(builtin_hash(kClassMarkup), kClassMarkup, 0, start, position_);
    return Step::kGoOn;
  }
  if (text_.substr(position_, 4) == "<!--") {
    position_ += 4;
    if (count_ == 0) kind_ = SegmentKind::kComment;
    return Step::kBreak;
  }
  size_t at = peek(1) == '/' ? 2 : 1;
  uint32_t hash = kHashSeed;
  size_t letters = 0;
  for (; letters < 16; ++letters, ++at) {
    const auto c = static_cast<uint8_t>(peek(at));
    if (!is_ascii_letter(c) && !is_ascii_digit(c)) break;
    hash = hash_step(hash, c | 32);
  }
  if (letters == 0) {
    ++position_;
    return Step::kGoOn;
  }
  const char after = peek(at);
  const bool block =
      std::find(std::begin(kBlockTags), std::end(kBlockTags), hash) != std::end(kBlockTags);
  if (block && (after == '>' || after == ' ' || after == '/')) {
    if (count_ > 0) return Step::kBreak;  // comes back here with nothing open
    position_ += at;
    in_block_tag_ = html_seen_ = true;
    return Step::kGoOn;
  }
  ++position_;
  const ClassId cls = lexicon_.exact(hash);
  const bool role = cls != kNoClass && std::find(std::begin(role_classes_), std::end(role_classes_),
                                                 cls) != std::end(role_classes_);
  if (role) push(builtin_hash(kClassMarkup), kClassMarkup, 0, start, position_);
  return Step::kGoOn;
}

// Escapes written out, as in JSON inside JSON: \n is a line end, \" a quote.
Tokenizer::Step Tokenizer::read_backslash() {
  const char next = peek(1);
  if (next == 'n' || next == 'r') {
    position_ += 2;
    line_start_ = position_;
    return Step::kBreak;
  }
  position_ += next == 't' || next == '"' || next == '\'' ? 2 : 1;
  return Step::kGoOn;
}

Tokenizer::Step Tokenizer::read_colon() {
  const size_t start = position_++;
  if (count_ > 0 && count_ <= 3) {
    const Token& last = tokens_[count_ - 1];
    const bool role = last.cls != kNoClass && last.end == start &&
                      std::find(std::begin(role_classes_), std::end(role_classes_), last.cls) !=
                          std::end(role_classes_);
    if (role) {
      push(builtin_hash(kClassRoleLabel), kClassRoleLabel, 0, start, position_);
      return Step::kGoOn;
    }
  }
  push(builtin_hash(kClassColon), kClassColon, kQuietWord, start, position_);
  return Step::kGoOn;
}

}  // namespace sonde::detect::model
