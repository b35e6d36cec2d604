// credential.response, credential.prompt, credential.tool_call: each secret that was found in a
// text is a hit of the alert that fits the text's place.
#include "agent/detect/detectors/detectors.h"

namespace sonde::detect {

namespace {

class CredentialDetector final : public Detector {
 public:
  bool judges_unfinished() const override { return true; }
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      for (const Secret& secret : subject.secrets[i]) {
        if (!is_account_record(subject.texts[i], secret)) {
          hits.push_back(make_hit(subject.texts[i], i, secret));
        }
      }
    }
  }

 private:
  // A password that a person may have made up, in a field of a record that a tool returned: what
  // such tools are asked for. The finding is worth its noise only where the password goes on from
  // there.
  static bool is_account_record(const Text& text, const Secret& secret) {
    constexpr double kDrawn = 0.6;
    return text.zone == llm::Zone::kTool && secret.record_field && secret.score < kDrawn;
  }

  static std::string_view alert_of(const Text& text) {
    if (text.kind == TextKind::kToolCall) return "credential.tool_call";
    return text.zone == llm::Zone::kAssistant ? "credential.response" : "credential.prompt";
  }

  static Hit make_hit(const Text& text, size_t index, const Secret& secret) {
    Hit hit{.alert = alert_of(text),
            .detector = "credential",
            .score = secret.score,
            .subtype = std::string(secret.rule->type),
            .text = index,
            .start = secret.start,
            .end = secret.end};
    hit.data["secret_type"] = secret.rule->type;
    if (!secret.rule->provider.empty()) hit.data["provider"] = secret.rule->provider;
    if (!secret.encoding.empty()) hit.data["encoding"] = secret.encoding;
    hit.data["verified"] = secret.verified ? "true" : "false";
    hit.fingerprint_of = secret.value;
    return hit;
  }
};

}  // namespace

std::unique_ptr<Detector> make_credential_detector() {
  return std::make_unique<CredentialDetector>();
}

}  // namespace sonde::detect
