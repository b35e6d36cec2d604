// The condition of a rule: names of selections joined by and, or, not, parentheses, "1 of x*",
// "all of them". Read without recursion, so that its depth cannot hurt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sonde::detect {

class RuleCondition {
 public:
  static Result<RuleCondition> parse(std::string_view text,
                                     std::span<const std::string> selections);

  // `holds`: one entry for each selection, in the order given to parse().
  bool evaluate(const std::vector<bool>& holds) const;

 private:
  enum class Kind : uint8_t { kSelection, kAnyOf, kAllOf, kNot, kAnd, kOr };
  struct Step {
    Kind kind = Kind::kSelection;
    std::vector<size_t> selections;
  };
  std::vector<Step> steps_;  // reverse Polish
};

}  // namespace sonde::detect
