// Both heads on any bytes: in range, inside the text, and the same again with a used scratch.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/detect/model/prompt_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sonde::detect::AttackScore;
  using sonde::detect::PromptModel;
  static sonde::detect::Scratch scratch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view system = text.substr(0, size / 3);
  const PromptModel& model = PromptModel::embedded();
  const AttackScore prompt = model.score_prompt(text, {system, ""}, scratch);
  const AttackScore document = model.score_document(text, {}, scratch);
  for (const AttackScore& found : {prompt, document}) {
    if (!(found.score >= 0 && found.score <= 1) || found.start > found.end || found.end > size)
      std::abort();
  }
  if (model.score_prompt(text, {system, ""}, scratch).score != prompt.score) std::abort();
  return 0;
}
