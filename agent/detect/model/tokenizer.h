// Cuts text into segments (sentences, lines, JSON strings, HTML blocks) of classified tokens, in
// one linear pass without copying. Pull-based: memory is one segment, whatever the text's size. Not
// thread-safe; owned by a Scratch. The text must outlive the walk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "agent/detect/model/lexicon.h"

namespace sonde::detect::model {

inline constexpr size_t kSegmentTokens = 64;
inline constexpr size_t kSegmentBytes = 400;
inline constexpr size_t kWordCodePoints = 40;  // what is longer is no word; its beginning counts

enum TokenFlag : uint8_t {
  kUpperCase = 1,    // at least two letters, all capital
  kTitleCase = 2,    // begins with a capital
  kQuietWord = 4,    // function word
  kConfused = 8,     // mixed scripts, read as Latin
  kInvisibleIn = 16  // invisible characters inside the word
};

struct Token {
  uint32_t hash = 0;
  ClassId cls = kNoClass;
  uint8_t flags = 0;
  uint32_t start = 0;
  uint32_t end = 0;
};

enum class SegmentKind : uint8_t { kText, kHtml, kString, kComment, kRow, kCode, kHeading, kItem };

struct Segment {
  std::span<const Token> tokens;
  size_t start = 0;
  size_t end = 0;
  SegmentKind kind = SegmentKind::kText;
  bool cut = false;  // ended by a limit, not by the text
};

class Tokenizer {
 public:
  explicit Tokenizer(const Lexicon& lexicon);

  void begin(std::string_view text);
  // False at the end of the text. Every segment has at least one token.
  bool next(Segment& segment);
  size_t position() const { return position_; }

 private:
  struct Word;
  enum class Step : uint8_t { kGoOn, kBreak };

  Step read_one();
  Step read_word();
  Step read_characters();
  Step read_newlines(size_t length);
  Step read_punctuation(uint32_t folded, uint32_t raw, size_t length);
  Step read_stop(uint32_t folded, uint32_t raw, size_t length);
  Step read_quote(uint32_t folded, size_t length);
  Step read_tag();
  Step read_backslash();
  Step read_colon();
  bool read_run(char c);
  bool read_url(const Word& word);
  void finish_word(Word& word);
  void push(uint32_t hash, ClassId cls, uint8_t flags, size_t start, size_t end);
  void join_phrase();
  char peek(size_t offset) const {
    return position_ + offset < text_.size() ? text_[position_ + offset] : '\0';
  }

  const Lexicon& lexicon_;
  ClassId role_classes_[3];
  std::string_view text_;
  size_t position_ = 0;
  size_t line_start_ = 0;
  std::array<Token, kSegmentTokens> tokens_;
  size_t count_ = 0;
  SegmentKind kind_ = SegmentKind::kText;
  bool in_block_tag_ = false;
  bool html_seen_ = false;
  uint32_t code_marks_ = 0;  // brackets, semicolons, equal signs of the segment
};

}  // namespace sonde::detect::model
