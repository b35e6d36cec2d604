#include "agent/detect/ruleset.h"

#include "agent/detect/catalogue.h"

namespace sonde::detect {

namespace {

Status load_addresses(const std::vector<std::string>& files, IndicatorSet& set) {
  for (const std::string& file : files) {
    if (Status status = set.load_file(file); !status.ok()) return status;
  }
  set.seal();
  return {};
}

}  // namespace

Result<std::unique_ptr<Ruleset>> Ruleset::load(const EngineConfig& config) {
  auto ruleset = std::make_unique<Ruleset>();
  for (const std::string& name : config.disabled_alerts) {
    if (find_alert(name) == nullptr && !name.starts_with("custom."))
      return fail("there is no alert named '" + name + "'");
    ruleset->disabled.insert(name);
  }
  for (const auto& [files, set] : {std::pair{&config.indicator_files, &ruleset->malicious},
                                   std::pair{&config.tor_exit_files, &ruleset->tor_exits},
                                   std::pair{&config.suspicious_ip_files, &ruleset->suspicious}}) {
    if (Status status = load_addresses(*files, *set); !status.ok()) {
      return tl::unexpected(status.error());
    }
  }
  auto rules = CustomRules::load(config.rule_files);
  if (!rules.ok()) return tl::unexpected(rules.error());
  ruleset->rules = std::move(*rules);
  ruleset->brands = LookAlikes(config.brand_domains, true);
  constexpr size_t kLeastCanary = 8;
  for (const std::string& token : config.canary_tokens) {
    if (token.size() < kLeastCanary) return fail("a canary token is shorter than 8 characters");
    ruleset->canaries.push_back(token);
  }
  ruleset->policy = config.policy;
  ruleset->conversation = config.conversation;
  ruleset->evidence_code_points = config.evidence_code_points;
  return ruleset;
}

}  // namespace sonde::detect
