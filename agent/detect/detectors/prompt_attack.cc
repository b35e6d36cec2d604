// prompt_attack.user and prompt_attack.document: the learned model over what users wrote and over
// what came from untrusted sources.
#include <algorithm>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/mention.h"
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
      const AttackScore score = of_use(subject.texts[i], subject.attacks[i]);
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
  // The score of what a text says itself, where it quotes attacks of others.
  AttackScore of_use(const Text& text, AttackScore score) {
    const bool document = text.zone == llm::Zone::kTool;
    const double threshold = document ? model_.document_threshold() : model_.prompt_threshold();
    const bool judged = document || text.zone == llm::Zone::kUser;
    if (!judged || score.score < threshold || score.decoded) return score;
    const auto rest = without_mentions(text.text, score.start, score.end);
    if (!rest) return score;
    const AttackScore used = document ? model_.score_document(*rest, {}, scratch_)
                                      : model_.score_prompt(*rest, {}, scratch_);
    // The words that speak of attacks raise the score of the rest by themselves.
    constexpr double kSpokenOf = 0.75;
    if (used.score < kSpokenOf) score.score = std::min(used.score, threshold - 0.01);
    return score;
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
