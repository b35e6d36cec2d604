// prompt_attack.blocked and prompt_attack.flagged: what the provider itself said of the prompt.
#include <algorithm>
#include <array>
#include <span>
#include <string>

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

// Blocks of the whole prompt whose reason is no content category: Gemini's
// promptFeedback.blockReason, Bedrock's guardrail.
bool is_block(const std::string& name) {
  return name.starts_with("prompt_blocked") || name == "guardrail" ||
         name == "prohibited_content" || name == "blocklist";
}

// A guardrail's trace names what it was about, and a blocked prompt has its reason beside it: the
// general name counts only where nothing more exact is said.
bool is_explained(std::span<const llm::ProviderVerdict> verdicts, const std::string& name) {
  if (name != "guardrail" && name != "prompt_blocked") return false;
  return std::any_of(verdicts.begin(), verdicts.end(), [&](const llm::ProviderVerdict& other) {
    if (!other.filtered || other.name == name) return false;
    return name == "guardrail" || is_attack(other.name) || is_block(other.name);
  });
}

class ProviderVerdictDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (const llm::ProviderVerdict& verdict : subject.exchange.verdicts) {
      std::string name = verdict.name;
      for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      const bool blocked =
          verdict.filtered && is_block(name) && !is_explained(subject.exchange.verdicts, name);
      const bool attack = is_attack(name) && (verdict.detected || verdict.filtered);
      if (!blocked && !attack) continue;
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
