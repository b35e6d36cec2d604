// `sonde rules`: users' rules, checked with the tests inside of them, or listed.
#include <fmt/format.h>

#include "agent/app/commands.h"
#include "agent/detect/custom_rules.h"

namespace sonde::app {

int run_rules_check(const std::vector<std::string>& files) {
  const auto rules = detect::CustomRules::load(files);
  if (!rules.ok()) {
    fmt::print(stderr, "{}\n", rules.error().message);
    return kExitUsage;
  }
  const auto failures = rules->run_tests();
  for (const Error& failure : failures) fmt::print(stderr, "{}\n", failure.message);
  size_t tests = 0;
  for (const auto& rule : rules->list()) tests += rule.tests;
  fmt::print("{} rules, {} tests, {} failed\n", rules->list().size(), tests, failures.size());
  return failures.empty() ? kExitGood : kExitFailure;
}

int run_rules_list(const std::vector<std::string>& files) {
  const auto rules = detect::CustomRules::load(files);
  if (!rules.ok()) {
    fmt::print(stderr, "{}\n", rules.error().message);
    return kExitUsage;
  }
  for (const auto& rule : rules->list()) {
    fmt::print("custom.{:<24} {:<13} {} ({}, {} tests)\n", rule.name,
               detect::to_string(rule.severity), rule.title, rule.file, rule.tests);
  }
  return kExitGood;
}

}  // namespace sonde::app
