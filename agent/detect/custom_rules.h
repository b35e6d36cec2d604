// Rules of users: YAML, one rule a document, in the manner of Sigma. docs/RULES.md is the
// reference.
//
// Immutable once created but for match memory: one object per shard, not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/finding.h"
#include "agent/detect/texts.h"
#include "agent/llm/exchange.h"

namespace sonde::detect {

struct CustomRuleInfo {
  std::string name;  // the alert is custom.<name>
  std::string title;
  Severity severity = Severity::kMedium;
  std::vector<std::string> atlas;
  std::vector<std::string> owasp;
  std::string file;
  size_t tests = 0;
};

struct CustomMatch {
  const CustomRuleInfo* rule = nullptr;
  size_t text = 0;   // index into the texts
  size_t start = 0;  // bytes; the whole text where no pattern says a place
  size_t end = 0;
};

class CustomRules {
 public:
  // Reads all rules of the files and compiles them. Errors name file, line and key.
  static Result<CustomRules> load(const std::vector<std::string>& files);
  CustomRules();
  CustomRules(CustomRules&&) noexcept;
  CustomRules& operator=(CustomRules&&) noexcept;
  ~CustomRules();

  // Each rule at most once in each text.
  std::vector<CustomMatch> match(const llm::Exchange& exchange, std::span<const Text> texts) const;

  // Runs the tests inside of the rules; an error for each that fails.
  std::vector<Error> run_tests() const;
  std::vector<CustomRuleInfo> list() const;
  bool empty() const;

 private:
  struct Impl;
  explicit CustomRules(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::detect
