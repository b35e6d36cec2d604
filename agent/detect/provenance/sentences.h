// Cuts untrusted text (JSON, YAML, HTML, mail, prose) into sentences without parsing any of these:
// one linear pass, bounded sentences, views into the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde::detect {

struct Sentence {
  size_t start = 0;  // bytes
  size_t end = 0;
  size_t field =
      0;  // sentences of one field (JSON value, table cell, block of HTML) share a number
};

class SentenceCutter {
 public:
  static constexpr size_t kLongest = 800;

  explicit SentenceCutter(std::string_view text);

  // False at the end of the text.
  bool next(Sentence& sentence);

 private:
  // Length of the separator at `i`; 0: none. Sets new_field_ where it ends a field.
  size_t separator(size_t i);
  size_t line_break(size_t i) const;
  size_t quoted_key(size_t i) const;
  size_t block_tag(size_t i) const;
  bool ends_sentence(size_t i) const;

  std::string_view text_;
  bool escaped_;
  size_t position_ = 0;
  size_t field_ = 0;
  bool new_field_ = false;
};

// JSON as sent: its strings hold escapes.
bool looks_like_json(std::string_view text);

// Drops inline tags, so that "<b>send</b>" reads as "send". Returns `text` where there are none.
std::string_view without_tags(std::string_view text, std::string& buffer);

}  // namespace sonde::detect
