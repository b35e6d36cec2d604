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
    const ModelContext context{.system_prompt = system_prompt(subject)};
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.zone == llm::Zone::kUser) {
        const AttackScore score = model_.score_prompt(text.text, context, scratch_);
        scores.prompt_attack = std::max(scores.prompt_attack, score.score);
        if (score.score >= model_.prompt_threshold()) {
          hits.push_back(make_hit("prompt_attack.user", i, score));
        }
      } else if (text.zone == llm::Zone::kTool) {
        const AttackScore score = model_.score_document(text.text, {}, scratch_);
        scores.document_attack = std::max(scores.document_attack, score.score);
        if (score.score >= model_.document_threshold()) {
          hits.push_back(make_hit("prompt_attack.document", i, score));
        }
      }
    }
  }

 private:
  static std::string_view system_prompt(const Subject& subject) {
    for (const Text& text : subject.texts) {
      if (text.zone == llm::Zone::kSystem) return text.text;
    }
    return {};
  }

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
  Scratch scratch_;
};

}  // namespace

std::unique_ptr<Detector> make_prompt_attack_detector() {
  return std::make_unique<PromptAttackDetector>();
}

}  // namespace sonde::detect
