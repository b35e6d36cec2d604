#include "agent/detect/rule_condition.h"

#include <algorithm>

namespace sonde::detect {

namespace {

constexpr size_t kLongest = 4096;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : text) {
    if (c == '(' || c == ')') {
      end_word();
      words.emplace_back(1, c);
    } else if (c == ' ' || c == '\n' || c == '\t') {
      end_word();
    } else {
      word.push_back(c);
    }
  }
  end_word();
  return words;
}

// "filter_*" names all selections with that beginning, "them" all there are.
std::vector<size_t> selected(std::string_view name, std::span<const std::string> selections) {
  std::vector<size_t> found;
  const bool prefix = name.ends_with('*');
  const std::string_view stem = prefix ? name.substr(0, name.size() - 1) : name;
  for (size_t i = 0; i < selections.size(); ++i) {
    const std::string_view other = selections[i];
    if (name == "them" || (prefix ? other.starts_with(stem) : other == name)) found.push_back(i);
  }
  return found;
}

int precedence(std::string_view operation) {
  return operation == "not" ? 3 : operation == "and" ? 2 : operation == "or" ? 1 : 0;
}

}  // namespace

Result<RuleCondition> RuleCondition::parse(std::string_view text,
                                           std::span<const std::string> selections) {
  if (text.size() > kLongest) return fail("the condition is longer than 4096 characters");
  RuleCondition condition;
  std::vector<std::string> stack;
  bool operand_due = true;  // an operand must come next, else an operator
  const auto emit = [&] {
    const std::string& top = stack.back();
    condition.steps_.push_back({top == "not"   ? Kind::kNot
                                : top == "and" ? Kind::kAnd
                                               : Kind::kOr,
                                {}});
    stack.pop_back();
  };
  const std::vector<std::string> words = words_of(text);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const int rank = precedence(word);
    if (word == "(" || word == "not") {
      if (!operand_due) return fail("'" + word + "' stands where 'and' or 'or' must");
      stack.push_back(word);
    } else if (rank > 0 || word == ")") {
      if (operand_due) return fail("a selection is missing before '" + word + "'");
      while (!stack.empty() && stack.back() != "(" &&
             precedence(stack.back()) >= std::max(rank, 1)) {
        emit();
      }
      if (word == ")") {
        if (stack.empty()) return fail("a ')' without its '('");
        stack.pop_back();
      } else {
        stack.push_back(word);
        operand_due = true;
      }
    } else {
      if (!operand_due) return fail("'and' or 'or' is missing before '" + word + "'");
      const bool counted = (word == "1" || word == "any" || word == "all") &&
                           i + 2 < words.size() && words[i + 1] == "of";
      const std::string& name = counted ? words[i + 2] : word;
      auto found = selected(name, selections);
      if (found.empty()) return fail("there is no selection '" + name + "'");
      if (!counted && found.size() > 1) return fail("'" + name + "' needs '1 of' or 'all of'");
      const Kind kind = !counted ? Kind::kSelection : word == "all" ? Kind::kAllOf : Kind::kAnyOf;
      condition.steps_.push_back({kind, std::move(found)});
      if (counted) i += 2;
      operand_due = false;
    }
  }
  if (operand_due) return fail("the condition ends where a selection must stand");
  while (!stack.empty()) {
    if (stack.back() == "(") return fail("a '(' without its ')'");
    emit();
  }
  return condition;
}

bool RuleCondition::evaluate(const std::vector<bool>& holds) const {
  std::vector<bool> stack;
  const auto pop = [&] {
    const bool value = stack.back();
    stack.pop_back();
    return value;
  };
  const auto holds_at = [&](size_t index) { return static_cast<bool>(holds[index]); };
  for (const Step& step : steps_) {
    switch (step.kind) {
      case Kind::kSelection:
      case Kind::kAnyOf:
        stack.push_back(std::any_of(step.selections.begin(), step.selections.end(), holds_at));
        break;
      case Kind::kAllOf:
        stack.push_back(std::all_of(step.selections.begin(), step.selections.end(), holds_at));
        break;
      case Kind::kNot:
        stack.push_back(!pop());
        break;
      case Kind::kAnd: {
        const bool right = pop();
        stack.push_back(pop() && right);
        break;
      }
      case Kind::kOr: {
        const bool right = pop();
        stack.push_back(pop() || right);
        break;
      }
    }
  }
  return !stack.empty() && stack.back();
}

}  // namespace sonde::detect
