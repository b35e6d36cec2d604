// The learned prompt-attack model: how likely is it that a text tries to take a language model
// over?
//
// Two heads share one tokenizer and one lexicon: score_prompt() judges what a user wrote, and
// score_document() judges untrusted text (tool results, retrieved pages, mails), where an
// instruction stands out because it is addressed to a model at all. docs/MODEL.md explains
// features, training data and the measured accuracy.
//
// Deterministic (integer arithmetic), thread-safe (const object, one Scratch per caller), linear in
// the size of the text, and free of allocation once the Scratch is warm.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace sonde::detect {

// The verdict on one text. `score` is a calibrated probability-like value in 0..1. [start, end) are
// byte offsets into the text that was passed in. `subtype` names a static string of the catalogue:
// rule_change, conversation_mockup, role_play, encoding, manipulated_content,
// infrastructure_access, information_gathering, availability, fraud, malware. `decoded`: the span
// hid its content by an encoding, and the decoded content is what was judged.
struct AttackScore {
  double score = 0;
  size_t start = 0;
  size_t end = 0;
  std::string_view subtype = "rule_change";
  bool decoded = false;
};

// What is known about the surroundings of a text. Both may be empty; neither is kept.
struct ModelContext {
  // The system prompt of the exchange: user text that reaches for what it calls secret scores
  // higher.
  std::string_view system_prompt;
  // A hint for score_document(): email, json, html, code, web; empty: guessed from the text.
  std::string_view document_kind;
};

// Working memory of one caller; grows to the largest text seen (bounded by the model's own limits)
// and is then reused. Not thread-safe.
class Scratch {
 public:
  struct Buffers;

  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

// Weights and lexicon, immutable after construction.
class PromptModel {
 public:
  // The model compiled into the program; built on first use, lives as long as the program.
  static const PromptModel& embedded();

  ~PromptModel();
  PromptModel(const PromptModel&) = delete;
  PromptModel& operator=(const PromptModel&) = delete;

  // Direct attacks: text that a user wrote.
  AttackScore score_prompt(std::string_view text, const ModelContext& context,
                           Scratch& scratch) const;
  // Indirect attacks: text from an untrusted source.
  AttackScore score_document(std::string_view text, const ModelContext& context,
                             Scratch& scratch) const;

  // Scores at or above these are attacks; set on benign text held back from training.
  double prompt_threshold() const;
  double document_threshold() const;

 private:
  struct Parts;
  explicit PromptModel(std::unique_ptr<Parts> parts);
  AttackScore score(std::string_view text, const ModelContext& context, size_t head_index,
                    Scratch& scratch) const;

  std::unique_ptr<Parts> parts_;
};

}  // namespace sonde::detect
