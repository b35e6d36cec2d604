#include "agent/detect/custom_rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <hs.h>

#include "agent/detect/custom_rules_read.h"

namespace sonde::detect {

namespace {

struct Place {
  size_t start = 0;
  size_t end = 0;
  bool found = false;
};

std::string escaped(std::string_view literal) {
  std::string out;
  for (const char c : literal) out += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
  return out;
}

std::string expression_of(RuleMatch match, const std::string& value) {
  switch (match) {
    case RuleMatch::kRegex:
      return value;
    case RuleMatch::kStartsWith:
      return "\\A" + escaped(value);
    case RuleMatch::kEndsWith:
      return escaped(value) + "\\z";
    case RuleMatch::kEquals:
      return "\\A" + escaped(value) + "\\z";
    case RuleMatch::kContains:
      break;
  }
  return escaped(value);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

bool fits(RuleMatch match, const std::string& have, const std::string& value) {
  const std::string a = lower(have);
  const std::string b = lower(value);
  switch (match) {
    case RuleMatch::kEquals:
      return a == b;
    case RuleMatch::kContains:
      return a.find(b) != std::string::npos;
    case RuleMatch::kStartsWith:
      return a.starts_with(b);
    case RuleMatch::kEndsWith:
      return a.ends_with(b);
    case RuleMatch::kRegex:
      break;
  }
  return false;
}

std::string field_of(RuleField field, const llm::Exchange& exchange, const Text& text) {
  switch (field) {
    case RuleField::kText:
      break;
    case RuleField::kZone:
      return std::string(llm::to_string(text.zone));
    case RuleField::kTool:
      if (text.tool != nullptr) return text.tool->name;
      return text.part != nullptr ? text.part->name : std::string();
    case RuleField::kModel:
      return exchange.request_model;
    case RuleField::kProvider:
      return exchange.provider;
    case RuleField::kOperation:
      return exchange.operation;
    case RuleField::kExecutable:
      return exchange.process.exe;
    case RuleField::kImage:
      return exchange.container ? exchange.container->image : std::string();
    case RuleField::kNamespace:
      return exchange.kubernetes ? exchange.kubernetes->namespace_name : std::string();
    case RuleField::kHost:
      return exchange.network.host;
    case RuleField::kEndUser:
      return exchange.user.end_user_id;
  }
  return {};
}

}  // namespace

// One automaton holds the text patterns of all rules: one pass over a text, however many there are.
struct CustomRules::Impl {
  std::vector<CustomRule> rules;
  size_t patterns = 0;
  hs_database_t* database = nullptr;
  hs_scratch_t* scratch = nullptr;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    hs_free_scratch(scratch);
    hs_free_database(database);
  }

  Status compile();
  std::vector<Place> scan(std::string_view text) const;
  std::optional<Place> judge(const CustomRule& rule, const llm::Exchange& exchange,
                             const Text& text, const std::vector<Place>& places) const;
};

Status CustomRules::Impl::compile() {
  std::vector<std::string> expressions;
  std::vector<unsigned> flags;
  for (CustomRule& rule : rules) {
    for (auto& selection : rule.selections) {
      for (auto& alternative : selection) {
        for (RuleTerm& term : alternative) {
          if (term.field != RuleField::kText) continue;
          for (const std::string& value : term.values) {
            term.patterns.push_back(expressions.size());
            expressions.push_back(expression_of(term.match, value));
            const bool regex = term.match == RuleMatch::kRegex;
            flags.push_back(HS_FLAG_SOM_LEFTMOST | (regex ? 0U : HS_FLAG_CASELESS));
          }
        }
      }
    }
  }
  patterns = expressions.size();
  if (patterns == 0) return {};
  std::vector<const char*> pointers;
  std::vector<unsigned> ids;
  for (const std::string& expression : expressions) {
    ids.push_back(static_cast<unsigned>(pointers.size()));
    pointers.push_back(expression.c_str());
  }
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(pointers.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(pointers.size()), HS_MODE_BLOCK, nullptr, &database,
                       &error) != HS_SUCCESS) {
    std::string message = error != nullptr ? error->message : "unknown error";
    const int at = error != nullptr ? error->expression : -1;
    hs_free_compile_error(error);
    if (at >= 0) message += fmt::format(" in '{}'", expressions[static_cast<size_t>(at)]);
    return fail("a pattern of a rule cannot be compiled: " + message);
  }
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return fail("no memory for the rules");
  return {};
}

std::vector<Place> CustomRules::Impl::scan(std::string_view text) const {
  std::vector<Place> places(patterns);
  constexpr size_t kMost = size_t{1} << 30;
  if (database == nullptr || text.size() > kMost) return places;
  const auto on_match = [](unsigned id, unsigned long long from, unsigned long long to, unsigned,
                           void* context) {
    Place& place = (*static_cast<std::vector<Place>*>(context))[id];
    if (!place.found) place = {static_cast<size_t>(from), static_cast<size_t>(to), true};
    return 0;
  };
  hs_scan(database, text.data(), static_cast<unsigned>(text.size()), 0, scratch, on_match, &places);
  return places;
}

std::optional<Place> CustomRules::Impl::judge(const CustomRule& rule, const llm::Exchange& exchange,
                                              const Text& text,
                                              const std::vector<Place>& places) const {
  Place where{0, text.text.size(), false};
  const auto term_holds = [&](const RuleTerm& term) {
    const auto value_holds = [&](size_t i) {
      if (term.field != RuleField::kText) {
        return fits(term.match, field_of(term.field, exchange, text), term.values[i]);
      }
      const Place& place = places[term.patterns[i]];
      if (place.found && !where.found) where = place;
      return place.found;
    };
    size_t held = 0;
    for (size_t i = 0; i < term.values.size(); ++i) held += value_holds(i) ? 1 : 0;
    return term.all ? held == term.values.size() : held > 0;
  };
  std::vector<bool> holds;
  for (const auto& selection : rule.selections) {
    holds.push_back(std::any_of(selection.begin(), selection.end(), [&](const auto& terms) {
      return std::all_of(terms.begin(), terms.end(), term_holds);
    }));
  }
  if (!rule.condition->evaluate(holds)) return std::nullopt;
  return where;
}

CustomRules::CustomRules() : impl_(std::make_unique<Impl>()) {}
CustomRules::CustomRules(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CustomRules::CustomRules(CustomRules&&) noexcept = default;
CustomRules& CustomRules::operator=(CustomRules&&) noexcept = default;
CustomRules::~CustomRules() = default;

Result<CustomRules> CustomRules::load(const std::vector<std::string>& files) {
  auto impl = std::make_unique<Impl>();
  for (const std::string& file : files) {
    auto rules = read_custom_rules(file);
    if (!rules.ok()) return tl::unexpected(rules.error());
    for (CustomRule& rule : *rules) {
      const bool taken =
          std::any_of(impl->rules.begin(), impl->rules.end(),
                      [&](const auto& other) { return other.info.name == rule.info.name; });
      if (taken)
        return fail(fmt::format("{}: there are two rules named '{}'", file, rule.info.name));
      impl->rules.push_back(std::move(rule));
    }
  }
  if (Status status = impl->compile(); !status.ok()) return tl::unexpected(status.error());
  return CustomRules(std::move(impl));
}

std::vector<CustomMatch> CustomRules::match(const llm::Exchange& exchange,
                                            std::span<const Text> texts) const {
  std::vector<CustomMatch> matches;
  if (empty()) return matches;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::vector<Place> places = impl_->scan(texts[i].text);
    for (const CustomRule& rule : impl_->rules) {
      const auto place = impl_->judge(rule, exchange, texts[i], places);
      if (place) matches.push_back({&rule.info, i, place->start, place->end});
    }
  }
  return matches;
}

std::vector<Error> CustomRules::run_tests() const {
  std::vector<Error> failures;
  for (const CustomRule& rule : impl_->rules) {
    for (const RuleTest& test : rule.tests) {
      llm::Part part{.type = llm::PartType::kText, .content = test.text, .name = test.tool};
      const Text text{.text = part.content, .zone = test.zone, .part = &part};
      const bool matched = impl_->judge(rule, {}, text, impl_->scan(text.text)).has_value();
      if (matched == test.match) continue;
      failures.push_back({fmt::format("{}:{}: rule '{}' {} this test", rule.info.file, test.line,
                                      rule.info.name, matched ? "matches" : "does not match")});
    }
  }
  return failures;
}

std::vector<CustomRuleInfo> CustomRules::list() const {
  std::vector<CustomRuleInfo> out;
  for (const CustomRule& rule : impl_->rules) out.push_back(rule.info);
  return out;
}

bool CustomRules::empty() const { return impl_->rules.empty(); }

}  // namespace sonde::detect
