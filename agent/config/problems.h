// Collects what is wrong with a configuration, so that a person puts all of it right at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sonde::config {

// Keeps the first kMost problems.
class Problems {
 public:
  static constexpr size_t kMost = 20;

  // What a terminal would obey becomes '?': a problem may quote the file.
  void add(std::string problem) {
    if (problems_.size() >= kMost) return;
    for (char& c : problem) {
      if ((static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) c = '?';
    }
    problems_.push_back(std::move(problem));
  }
  bool empty() const { return problems_.empty(); }
  // One on each line.
  std::string text() const { return fmt::format("{}", fmt::join(problems_, "\n")); }

 private:
  std::vector<std::string> problems_;
};

}  // namespace sonde::config
