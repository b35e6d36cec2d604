// From YAML to rules, before they are compiled. Internal to custom_rules.cc and its reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/custom_rules.h"
#include "agent/detect/rule_condition.h"

namespace sonde::detect {

enum class RuleField : uint8_t {
  kText,
  kZone,
  kTool,
  kModel,
  kProvider,
  kOperation,
  kExecutable,
  kImage,
  kNamespace,
  kHost,
  kEndUser,
};

enum class RuleMatch : uint8_t { kEquals, kContains, kStartsWith, kEndsWith, kRegex };

// One key of a selection: the field must match any of the values, or all of them.
struct RuleTerm {
  RuleField field = RuleField::kText;
  RuleMatch match = RuleMatch::kEquals;
  bool all = false;
  std::vector<std::string> values;
  std::vector<size_t> patterns;  // of a term on the text: numbers of its compiled patterns
};

struct RuleTest {
  std::string text;
  llm::Zone zone = llm::Zone::kUser;
  std::string tool;
  bool match = true;
  int line = 0;
};

struct CustomRule {
  CustomRuleInfo info;
  // A selection holds where all terms of any of its alternatives hold.
  std::vector<std::string> names;
  std::vector<std::vector<std::vector<RuleTerm>>> selections;
  std::optional<RuleCondition> condition;
  std::vector<RuleTest> tests;
};

Result<std::vector<CustomRule>> read_custom_rules(const std::string& file);

}  // namespace sonde::detect
