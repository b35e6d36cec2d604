// Finds the patterns of rules/patterns.h: keywords by the shared pass of literals, then PCRE2 from
// where a keyword begins.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/literal_set.h"
#include "agent/detect/regex.h"
#include "agent/detect/rules/patterns.h"

namespace sonde::detect {

struct PatternMatch {
  const Pattern* pattern = nullptr;
  size_t start = 0;  // bytes
  size_t end = 0;
};

inline constexpr size_t kPatternsPerText = 256;

class PatternFinder {
 public:
  // Adds its keywords to `literals`.
  static Result<PatternFinder> create(LiteralSetBuilder& literals);

  // Does a literal begin any pattern?
  bool waits_for(LiteralId id) const { return id < by_literal_.size() && !by_literal_[id].empty(); }
  // Appends what `hit` leads to; at most kPatternsPerText.
  void try_at(std::string_view text, const LiteralHit& hit, std::vector<PatternMatch>& out) const;
  // All matches in a text by itself: a pass of its own.
  std::vector<PatternMatch> find(std::string_view text, const LiteralSet& literals) const;

 private:
  std::vector<Regex> expressions_;
  std::vector<std::vector<uint32_t>> by_literal_;  // literal id -> indices into patterns()
};

}  // namespace sonde::detect
