#include "agent/detect/model/tokenizer.h"

#include <algorithm>

#include "agent/detect/model/fold.h"
#include "agent/detect/model/tokenizer_internal.h"

namespace sonde::detect::model {
namespace {

constexpr uint32_t kHttp = hash_ascii("http");
constexpr uint32_t kHttps = hash_ascii("https");
constexpr uint32_t kWww = hash_ascii("www");
constexpr uint32_t kMixedWord = hash_ascii("<mixed>");

bool is_url_end(char c) {
  return static_cast<uint8_t>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' ||
         c == ')' || c == ']' || c == '}' || c == '\\' || c == '`';
}

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

  void add(uint32_t code, uint32_t written, CharKind kind) {
    if (length == kWordCodePoints) return;
    folded[length++] = code;
    latin |= is_ascii_letter(code);
    look_alike |= code >= 0x370 && code < 0x590;
    letters += kind == CharKind::kLetter ? 1 : 0;
    digits += kind == CharKind::kDigit ? 1 : 0;
    const bool capital = kind == CharKind::kLetter && code != written && written < 0x530;
    capitals += capital ? 1 : 0;
    if (length == 1) first_capital = capital;
  }
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
    if (size_t{code_marks_} * 3 > count_ && code_marks_ >= 3)
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
    word.add(folded, point.value, kind);
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
