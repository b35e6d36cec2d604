#include "agent/detect/judge.h"

#include <algorithm>

namespace sonde::detect {

std::vector<AttackScore> Judge::scores_of(std::span<const Text> texts) {
  const auto system = std::find_if(
      texts.begin(), texts.end(), [](const Text& text) { return text.zone == llm::Zone::kSystem; });
  ModelContext context;
  if (system != texts.end()) context.system_prompt = system->text;
  std::vector<AttackScore> scores;
  scores.reserve(texts.size());
  for (const Text& text : texts) {
    const bool document = text.zone == llm::Zone::kTool || text.kind == TextKind::kToolDefinition;
    if (text.zone == llm::Zone::kUser) {
      scores.push_back(model_.score_prompt(text.text, context, scratch_));
    } else if (document) {
      scores.push_back(model_.score_document(text.text, {}, scratch_));
    } else {
      scores.push_back({});
    }
  }
  return scores;
}

}  // namespace sonde::detect
