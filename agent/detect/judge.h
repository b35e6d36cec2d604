// Asks the learned model about every text that somebody else than the application wrote. A client
// sends the whole conversation again with each request: verdicts on texts seen lately are remembered.
#pragma once

#include <span>
#include <vector>

#include "agent/detect/lru_map.h"
#include "agent/detect/model/prompt_model.h"
#include "agent/detect/texts.h"

namespace sonde::detect {

// Not thread-safe: owns the model's working memory.
class Judge {
 public:
  // One score for each text: users' texts by the prompt head; tool results and tool definitions by
  // the document head; 0 for the rest.
  std::vector<AttackScore> scores_of(std::span<const Text> texts);

 private:
  const PromptModel& model_ = PromptModel::embedded();
  AttackScore score(const Text& text, const ModelContext& context, bool document);

  static constexpr size_t kRemembered = 16384;
  Scratch scratch_;
  LruMap<AttackScore> known_{kRemembered};  // by digest of text, head and system prompt
};

}  // namespace sonde::detect
