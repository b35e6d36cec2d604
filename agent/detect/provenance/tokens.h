// Words of a text in one canonical form, so that a value is recognised however it is written:
// letters and digits only, look-alikes and full-width forms folded, case and accents dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::detect {

// The words of a text, kept as one string without separators and the places where words begin.
// "US13 3000-0012" and "us1330000012" have the same string, and the first is found in the second
// text only where its edges are edges of words as well.
class Tokens {
 public:
  // Appends the words of `text`. `escaped`: undo the escapes of JSON strings ("\n", "é").
  void append(std::string_view text, bool escaped);
  void clear();

  size_t size() const { return starts_.size(); }
  bool empty() const { return starts_.empty(); }
  std::string_view word(size_t index) const;
  // Is the word part of one with the word before it: "mail" and "example" of "a@mail.example"?
  bool is_glued(size_t index) const { return (marks_[index] & kGlued) != 0; }
  // Does a quote, "@", "$", "#" or the like stand right before the word?
  bool is_quoted(size_t index) const { return (marks_[index] & kQuoted) != 0; }
  bool is_capital(size_t index) const { return (marks_[index] & kCapital) != 0; }
  std::string_view joined() const { return joined_; }

  // Does `needle` occur, beginning and ending at the edges of words?
  bool contains(std::string_view needle) const;
  // Do the words of `needle` occur one after the other?
  bool contains(const Tokens& needle) const { return contains(needle.joined()); }

 private:
  static constexpr uint8_t kGlued = 1;
  static constexpr uint8_t kQuoted = 2;
  static constexpr uint8_t kCapital = 4;

  void end_word();
  void begin_word(std::string_view gap, bool capital);
  bool is_edge(size_t position) const;

  std::string joined_;
  std::vector<uint32_t> starts_;
  std::vector<uint8_t> marks_;  // of each word
  bool in_word_ = false;
};

// "BankManagerTransferFunds", "send_direct_message", "mcp__mail__send" -> their words.
Tokens tokens_of_name(std::string_view name);

}  // namespace sonde::detect
