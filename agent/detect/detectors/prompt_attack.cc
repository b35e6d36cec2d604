// prompt_attack.user and prompt_attack.document: the learned model over what users wrote and over
// what came from untrusted sources.
#include <algorithm>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/model/prompt_model.h"

namespace sonde::detect {

namespace {

// The catalogue knows four kinds of attacks by users; what the model calls by the aim of a
// document's attack changes the rules when a user says it.
std::string_view subtype_of_user(std::string_view subtype) {
  const bool known = subtype == "conversation_mockup" || subtype == "role_play" ||
                     subtype == "encoding" || subtype.empty();
  return known ? subtype : "rule_change";
}

class PromptAttackDetector final : public Detector {
 public:
  PromptAttackDetector() : model_(PromptModel::embedded()) {}

  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& scores) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const AttackScore& score = subject.attacks[i];
      if (subject.texts[i].zone == llm::Zone::kUser) {
        scores.prompt_attack = std::max(scores.prompt_attack, score.score);
        if (score.score >= model_.prompt_threshold()) {
          hits.push_back(make_hit("prompt_attack.user", i, score));
          hits.back().subtype = subtype_of_user(score.subtype);
        }
      } else if (subject.texts[i].zone == llm::Zone::kTool) {
        scores.document_attack = std::max(scores.document_attack, score.score);
        if (score.score >= model_.document_threshold()) {
          hits.push_back(make_hit("prompt_attack.document", i, score));
        }
      }
    }
  }

 private:
  static Hit make_hit(std::string_view alert, size_t index, const AttackScore& score) {
    Hit hit{.alert = alert,
            .detector = "prompt_attack",
            .score = score.score,
            .subtype = std::string(score.subtype),
            .text = index,
            .start = score.start,
            .end = score.end};
    if (score.decoded) hit.data["encoded"] = "true";
    return hit;
  }

  const PromptModel& model_;
};

}  // namespace

std::unique_ptr<Detector> make_prompt_attack_detector() {
  return std::make_unique<PromptAttackDetector>();
}

}  // namespace sonde::detect
