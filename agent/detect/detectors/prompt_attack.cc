// prompt_attack.user and prompt_attack.document: the learned model over what users wrote and over
// what came from untrusted sources.
#include <algorithm>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/model/prompt_model.h"

namespace sonde::detect {

namespace {

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
