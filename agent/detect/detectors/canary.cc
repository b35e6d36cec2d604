// system_prompt.leak by canary: words that operators planted in a system prompt stand in an answer
// or in a tool call.
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/ruleset.h"

namespace sonde::detect {

namespace {

class CanaryDetector final : public Detector {
 public:
  bool judges_unfinished() const override { return true; }
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (const std::string& token : subject.rules.canaries) {
      for (size_t i = 0; i < subject.texts.size(); ++i) {
        const Text& text = subject.texts[i];
        const bool leaves = text.output && text.kind != TextKind::kReasoning;
        const size_t at = leaves ? text.text.find(token) : std::string_view::npos;
        if (at == std::string_view::npos) continue;
        hits.push_back({.alert = "system_prompt.leak",
                        .detector = "canary",
                        .score = 1.0,
                        .subtype = "canary",
                        .text = i,
                        .start = at,
                        .end = at + token.size(),
                        .fingerprint_of = token});
        break;  // one leak of a token is told once for an exchange
      }
    }
  }
};

}  // namespace

std::unique_ptr<Detector> make_canary_detector() { return std::make_unique<CanaryDetector>(); }

}  // namespace sonde::detect
