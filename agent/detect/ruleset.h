// Everything of the engine that can be exchanged while it runs: lists, rules, policy. Loaded on any
// thread, then handed to the engine, which gives the old one back; what the engine has learned
// stays.
//
// Not thread-safe: custom rules and indicators are asked by the engine's thread alone.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/conversation_view.h"
#include "agent/detect/custom_rules.h"
#include "agent/detect/indicators.h"
#include "agent/detect/lookalikes.h"
#include "agent/detect/policy.h"

namespace sonde::detect {

struct EngineConfig {
  // Indicator lists (plain text or CSV: one URL, domain, IP per line, '#' comments).
  std::vector<std::string> indicator_files;
  // Key of the fingerprints that stand for secrets; at least 16 bytes.
  std::string fingerprint_key;
  std::vector<std::string> disabled_alerts;
  // Addresses of anonymising networks and of known attackers, one a line.
  std::vector<std::string> tor_exit_files;
  std::vector<std::string> suspicious_ip_files;
  Policy policy;
  // Domains that others may imitate, besides those of well-known providers.
  std::vector<std::string> brand_domains;
  // Words planted in system prompts, that no answer should ever hold.
  std::vector<std::string> canary_tokens;
  // Users' rules (docs/RULES.md).
  std::vector<std::string> rule_files;
  ConversationLevel conversation = ConversationLevel::kNone;
  size_t evidence_code_points = 512;  // length of a piece of evidence
};

struct Ruleset {
  IndicatorSet malicious;
  IndicatorSet tor_exits;
  IndicatorSet suspicious;
  LookAlikes brands{{}, false};
  std::vector<std::string> canaries;
  Policy policy;
  CustomRules rules;
  std::set<std::string, std::less<>> disabled;  // alerts that are not raised
  ConversationLevel conversation = ConversationLevel::kNone;
  size_t evidence_code_points = 0;

  // An unreadable file, a rule with an error or an unknown alert is an error; nothing is half
  // loaded.
  static Result<std::unique_ptr<Ruleset>> load(const EngineConfig& config);
};

}  // namespace sonde::detect
