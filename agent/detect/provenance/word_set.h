// A fixed set of words, written as one text.
#pragma once

#include <string_view>
#include <unordered_set>

namespace sonde::detect {

class WordSet {
 public:
  // `words`: folded, with single spaces between them; must outlive the set (a literal).
  explicit WordSet(std::string_view words) {
    while (!words.empty()) {
      const size_t end = words.find(' ');
      set_.insert(words.substr(0, end));
      words.remove_prefix(end == words.npos ? words.size() : end + 1);
    }
  }
  bool contains(std::string_view word) const { return set_.contains(word); }

 private:
  std::unordered_set<std::string_view> set_;
};

}  // namespace sonde::detect
