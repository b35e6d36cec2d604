#include "agent/detect/model/tokenizer.h"

#include <algorithm>

#include "agent/detect/model/fold.h"

namespace sonde::detect::model {
namespace {

constexpr uint32_t hash_ascii(std::string_view word) {
  uint32_t hash = kHashSeed;
  for (const char c : word) hash = hash_step(hash, static_cast<uint8_t>(c));
  return hash;
}
constexpr uint32_t kHttp = hash_ascii("http");
constexpr uint32_t kHttps = hash_ascii("https");
constexpr uint32_t kWww = hash_ascii("www");
constexpr uint32_t kMixedWord = hash_ascii("<mixed>");

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

constexpr uint32_t builtin_hash(ClassId id) { return hash_pair(0xB17E5, id); }

bool is_run_char(char c) {
  return std::string_view("-=#*_~`\"|+<>.").find(c) != std::string_view::npos;
}
bool is_url_end(char c) {
  return static_cast<uint8_t>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' ||
         c == ')' || c == ']' || c == '}' || c == '\\' || c == '`';
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

// One word while it is read.
struct Tokenizer::Word {
  size_t start = 0;
  std::array<uint32_t, kWordCodePoints> folded;
  size_t length = 0;
  size_t letters = 0;
  size_t digits = 0;
  size_t capitals = 0;
  bool first_capital = false;
  bool invisible = false;
  bool latin = false;
  bool look_alike = false;
};

Tokenizer::Tokenizer(const Lexicon& lexicon)
    : lexicon_(lexicon),
      role_classes_{lexicon.id_of("system"), lexicon.id_of("model"), lexicon.id_of("user")} {}

void Tokenizer::begin(std::string_view text) {
  text_ = text;
  position_ = line_start_ = 0;
  kind_ = SegmentKind::kText;
  in_block_tag_ = html_seen_ = false;
}

bool Tokenizer::next(Segment& segment) {
  count_ = 0;
  code_marks_ = 0;
  bool cut = false;
  while (position_ < text_.size()) {
    const bool stop = read_one() == Step::kBreak;
    if (count_ == 0) {
      if (stop) kind_ = SegmentKind::kText;
      continue;
    }
    cut = count_ == kSegmentTokens || position_ - tokens_[0].start >= kSegmentBytes;
    if (stop || cut) break;
  }
  if (count_ == 0) return false;
  segment.tokens = {tokens_.data(), count_};
  segment.start = tokens_[0].start;
  segment.end = tokens_[count_ - 1].end;
  segment.kind = kind_;
  if (kind_ == SegmentKind::kText) {
    if (code_marks_ * 3 > count_ && code_marks_ >= 3)
      segment.kind = SegmentKind::kCode;
    else if (html_seen_)
      segment.kind = SegmentKind::kHtml;
  }
  segment.cut = cut;
  if (!cut) kind_ = SegmentKind::kText;
  return true;
}

Tokenizer::Step Tokenizer::read_one() {
  const CodePoint point = decode_utf8(text_, position_);
  const uint32_t folded = fold(point.value);
  if (folded == kInvisible) {
    position_ += point.length;
    return Step::kGoOn;
  }
  switch (char_kind(folded)) {
    case CharKind::kSpace:
      position_ += point.length;
      return Step::kGoOn;
    case CharKind::kNewline:
      return read_newlines(point.length);
    case CharKind::kLetter:
    case CharKind::kDigit:
      return read_word();
    case CharKind::kCharacter:
      return read_characters();
    case CharKind::kPunctuation:
      return read_punctuation(folded, point.value, point.length);
    case CharKind::kSymbol:
      position_ += point.length;
      return Step::kGoOn;
  }
  return Step::kGoOn;
}

// Lines end segments, except where a paragraph was wrapped by hand: a long line, then a small
// letter.
Tokenizer::Step Tokenizer::read_newlines(size_t length) {
  const size_t line_bytes = position_ - line_start_;
  size_t breaks = length > 1 ? 1 : 0;  // U+2028, U+2029
  if (length > 1) position_ += length;
  while (position_ < text_.size() && is_space(text_[position_])) {
    breaks += text_[position_] == '\n' ? 1 : 0;
    ++position_;
  }
  line_start_ = position_;
  const char next = peek(0);
  if (breaks == 1 && line_bytes >= 50 && next >= 'a' && next <= 'z') return Step::kGoOn;
  return Step::kBreak;
}

Tokenizer::Step Tokenizer::read_word() {
  Word word;
  word.start = position_;
  while (position_ < text_.size()) {
    const CodePoint point = decode_utf8(text_, position_);
    const uint32_t folded = fold(point.value);
    if (folded == kInvisible) {
      word.invisible |= point.value > 0xFF;
      position_ += point.length;
      continue;
    }
    const CharKind kind = char_kind(folded);
    if (folded == '\'' && word.length > 0) {  // don't -> dont
      const char after = peek(point.length);
      if (!is_ascii_letter(static_cast<uint8_t>(after)) && static_cast<uint8_t>(after) < 0xC3)
        break;
      position_ += point.length;
      continue;
    }
    if (kind != CharKind::kLetter && kind != CharKind::kDigit) break;
    position_ += point.length;
    if (word.length == kWordCodePoints) continue;
    word.folded[word.length++] = folded;
    const bool ascii = is_ascii_letter(folded);
    word.latin |= ascii;
    word.look_alike |= folded >= 0x370 && folded < 0x590;
    word.letters += kind == CharKind::kLetter ? 1 : 0;
    word.digits += kind == CharKind::kDigit ? 1 : 0;
    const bool capital = kind == CharKind::kLetter && folded != point.value && point.value < 0x530;
    word.capitals += capital ? 1 : 0;
    if (word.length == 1) word.first_capital = capital;
  }
  if (word.length == 0) return Step::kGoOn;
  if (!read_url(word)) finish_word(word);
  return Step::kGoOn;
}

bool Tokenizer::read_url(const Word& word) {
  const size_t start = word.start;
  if (peek(0) == '@' && is_ascii_letter(static_cast<uint8_t>(peek(1)))) {
    while (position_ < text_.size() && !is_url_end(text_[position_]) && text_[position_] != ',')
      ++position_;
    while (text_[position_ - 1] == '.') --position_;  // the sentence's, not the address's
    push(builtin_hash(kClassEmail), kClassEmail, 0, start, position_);
    return true;
  }
  if (word.length > 5 || word.length < 3 || !word.latin) return false;
  uint32_t hash = kHashSeed;
  for (size_t i = 0; i < word.length; ++i) hash = hash_step(hash, word.folded[i]);
  const bool scheme = (hash == kHttp || hash == kHttps) && text_.substr(position_, 3) == "://";
  if (!scheme && !(hash == kWww && peek(0) == '.')) return false;
  while (position_ < text_.size() && !is_url_end(text_[position_])) ++position_;
  while (text_[position_ - 1] == '.') --position_;
  push(builtin_hash(kClassUrl), kClassUrl, 0, start, position_);
  return true;
}

void Tokenizer::finish_word(Word& word) {
  uint8_t flags = 0;
  if (word.latin && word.look_alike) {
    for (size_t i = 0; i < word.length; ++i) word.folded[i] = unconfuse(word.folded[i]);
    flags |= kConfused;
  }
  if (word.invisible) flags |= kInvisibleIn;
  if (word.letters >= 2 && word.capitals == word.letters) flags |= kUpperCase;
  if (word.first_capital) flags |= kTitleCase;
  if (word.digits == word.length) {
    const bool money = count_ > 0 && tokens_[count_ - 1].cls == kClassMoney;
    push(builtin_hash(kClassNumber), money ? kClassMoney : kClassNumber, 0, word.start, position_);
    return;
  }
  uint32_t hash = kHashSeed;
  ClassId cls = kNoClass;
  for (size_t i = 0; i < word.length; ++i) {
    hash = hash_step(hash, word.folded[i]);
    if (i >= 1) {
      if (const ClassId found = lexicon_.prefix(hash)) cls = found;
    }
  }
  if (const ClassId found = lexicon_.exact(hash)) cls = found;
  if (cls == kNoClass && word.digits >= 2 && word.length >= 5) hash = kMixedWord;
  if (lexicon_.quiet(cls)) flags |= kQuietWord;
  push(hash, cls, flags, word.start, position_);
  join_phrase();
}

// Scripts without spaces: the longest lexicon entry at each place, else a single character.
Tokenizer::Step Tokenizer::read_characters() {
  constexpr size_t kLongest = 10;
  const size_t start = position_;
  size_t at = position_;
  uint32_t hash = kHashSeed;
  uint32_t single = 0;
  size_t single_end = start;
  ClassId best = kNoClass;
  uint32_t best_hash = 0;
  size_t best_end = start;
  for (size_t i = 0; i < kLongest && at < text_.size(); ++i) {
    const CodePoint point = decode_utf8(text_, at);
    const uint32_t folded = fold(point.value);
    if (folded != kInvisible) {
      if (char_kind(folded) != CharKind::kCharacter) break;
      hash = hash_step(hash, folded);
    }
    at += point.length;
    if (i == 0) {
      single = hash;
      single_end = at;
    }
    if (const ClassId found = lexicon_.exact(hash)) {
      best = found;
      best_hash = hash;
      best_end = at;
    }
  }
  position_ = best == kNoClass ? single_end : best_end;
  const uint8_t flags = lexicon_.quiet(best) ? kQuietWord : 0;
  push(best == kNoClass ? single : best_hash, best, flags, start, position_);
  return Step::kGoOn;
}

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
    case '[':
    case ']':
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

void Tokenizer::push(uint32_t hash, ClassId cls, uint8_t flags, size_t start, size_t end) {
  if (count_ == kSegmentTokens) return;
  tokens_[count_++] = {hash, cls, flags, static_cast<uint32_t>(start), static_cast<uint32_t>(end)};
}

// "system prompt": the second word takes the phrase's class, the first gives up its own.
void Tokenizer::join_phrase() {
  if (count_ < 2) return;
  const ClassId found =
      lexicon_.exact(hash_pair(tokens_[count_ - 2].hash, tokens_[count_ - 1].hash));
  if (found == kNoClass) return;
  tokens_[count_ - 1].cls = found;
  tokens_[count_ - 2].cls = kNoClass;
}

}  // namespace sonde::detect::model
