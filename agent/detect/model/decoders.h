// Undoes the encodings that hide an instruction, so that the hidden text is judged as well.
//
// find_encoded() looks for what shows by its alphabet (base64, hex, binary, character codes,
// percent and backslash escapes, Morse, invisible tag characters, s p a c e d letters, leetspeak,
// string literals to be joined); decode_run() tries what shows only by its words (rot-N, atbash,
// reversal) on a stretch of words the lexicon does not know. Linear, bounded by kViewBytes in all,
// no allocation once warm.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/detect/model/lexicon.h"

namespace sonde::detect::model {

inline constexpr size_t kViews = 24;                    // decoded stretches kept of one text
inline constexpr size_t kViewBytes = size_t{96} << 10;  // decoded bytes kept of one text

// Decoded text and the bytes of the original it came from.
struct View {
  std::string text;
  size_t start = 0;
  size_t end = 0;
};

// A reusable list of views: clear() keeps the memory.
class Views {
 public:
  void clear() { count_ = bytes_ = 0; }
  size_t size() const { return count_; }
  const View& operator[](size_t index) const { return views_[index]; }

  // An empty view to be filled, or nullptr when a limit is reached. Ends with keep() or is taken
  // back by the next open().
  View* open(size_t start, size_t end);
  void keep();
  size_t room() const { return kViewBytes - bytes_; }

 private:
  std::vector<View> views_;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

void find_encoded(std::string_view text, const Lexicon& lexicon, Views& views);

// `text` is the whole text, [start, end) the stretch of unknown words. True if a view was kept.
bool decode_run(std::string_view text, size_t start, size_t end, const Lexicon& lexicon,
                Views& views);

// Share of words (letter runs of two and more) that the lexicon knows, 0..1; 0 for fewer than 3
// words.
double known_share(std::string_view text, const Lexicon& lexicon);

}  // namespace sonde::detect::model
