// prompt_attack.blocked and prompt_attack.flagged: what the provider itself said of the prompt.
#include <algorithm>
#include <array>

#include "agent/detect/detectors/detectors.h"

namespace sonde::detect {

namespace {

// Content categories (hate, violence, ...) are the application's policy, not an attack on it.
bool is_attack(const std::string& name) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"jailbreak", "indirect_attack", "prompt_attack", "prompt_injection", "injection",
       "model_armor", "pi_and_jailbreak"});
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view known) { return name.find(known) != std::string::npos; });
}

class ProviderVerdictDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (const llm::ProviderVerdict& verdict : subject.exchange.verdicts) {
      std::string name = verdict.name;
      for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      if (!is_attack(name) || (!verdict.detected && !verdict.filtered)) continue;
      Hit hit{.alert = verdict.filtered ? "prompt_attack.blocked" : "prompt_attack.flagged",
              .detector = "provider_verdict",
              .subtype = name};
      hit.data["verdict"] = name;
      if (!subject.exchange.provider.empty()) hit.data["provider"] = subject.exchange.provider;
      hits.push_back(std::move(hit));
    }
  }
};

}  // namespace

std::unique_ptr<Detector> make_provider_verdict_detector() {
  return std::make_unique<ProviderVerdictDetector>();
}

}  // namespace sonde::detect
