// Asks the learned model about every text that somebody else than the application wrote.
#pragma once

#include <span>
#include <vector>

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
  Scratch scratch_;
};

}  // namespace sonde::detect
