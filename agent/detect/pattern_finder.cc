#include "agent/detect/pattern_finder.h"

#include <algorithm>
#include <string>

namespace sonde::detect {

namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

}  // namespace

Result<PatternFinder> PatternFinder::create(LiteralSetBuilder& literals) {
  PatternFinder finder;
  for (const Pattern& pattern : patterns()) {
    Result<Regex> expression = Regex::compile("(?i:" + std::string(pattern.expression) + ")");
    if (!expression.ok()) return tl::unexpected(expression.error());
    const auto index = static_cast<uint32_t>(finder.expressions_.size());
    finder.expressions_.push_back(std::move(*expression));
    std::string_view rest = pattern.keywords;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('|', 1), rest.size());
      const LiteralId id = literals.add(rest.substr(0, end));
      if (finder.by_literal_.size() <= id) finder.by_literal_.resize(id + 1);
      finder.by_literal_[id].push_back(index);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return finder;
}

void PatternFinder::try_at(std::string_view text, const LiteralHit& hit,
                           std::vector<PatternMatch>& out) const {
  if (!waits_for(hit.id)) return;
  // "farm -rf" is no "rm -rf".
  if (hit.start > 0 && is_word(text[hit.start]) && is_word(text[hit.start - 1])) return;
  for (const uint32_t index : by_literal_[hit.id]) {
    if (out.size() >= kPatternsPerText) return;
    const auto match = expressions_[index].match_at(text, hit.start);
    if (!match || match->match_end <= match->match_start) continue;
    const Pattern* pattern = &patterns()[index];
    const bool known = std::any_of(out.begin(), out.end(), [&](const PatternMatch& other) {
      return other.pattern == pattern && other.start == match->match_start;
    });
    if (!known) out.push_back({pattern, match->match_start, match->match_end});
  }
}

std::vector<PatternMatch> PatternFinder::find(std::string_view text,
                                              const LiteralSet& literals) const {
  std::vector<PatternMatch> out;
  literals.scan(text, [&](const LiteralHit& hit) { try_at(text, hit, out); });
  return out;
}

}  // namespace sonde::detect
