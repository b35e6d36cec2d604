// `sonde rules`: users' rules, checked with the tests inside of them, or listed.
#include <fmt/format.h>

#include "agent/app/commands.h"
#include "agent/config/config.h"
#include "agent/detect/custom_rules.h"

namespace sonde::app {
namespace {

Result<detect::CustomRules> load_rules(const RulesOptions& options) {
  if (!options.files.empty()) return detect::CustomRules::load(options.files);
  const auto config = config::load_config(options.config);
  if (!config.ok()) return tl::unexpected(config.error());
  return detect::CustomRules::load(config->detect.rule_files);
}

}  // namespace

int run_rules_check(const RulesOptions& options) {
  const auto rules = load_rules(options);
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

int run_rules_list(const RulesOptions& options) {
  const auto rules = load_rules(options);
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
