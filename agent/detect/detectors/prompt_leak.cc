// system_prompt.leak: an answer that repeats passages of the captured system prompt word by word.
#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/provenance/tokens.h"

namespace sonde::detect {

namespace {

constexpr size_t kGram = 6;          // words that must follow each other
constexpr size_t kLeastShared = 18;  // words of one shared passage
constexpr size_t kMostBytes = 256 << 10;

// Facts that a prompt lends to answers are shared all the time; instructions are not.
bool instructs(const Tokens& words, size_t from, size_t count) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"you", "your", "must", "never", "always", "assistant", "respond", "answer", "user", "users",
       "instructions", "confidential", "reveal", "rules"});
  size_t found = 0;
  for (size_t i = from; i < from + count; ++i) {
    found += std::find(kWords.begin(), kWords.end(), words.word(i)) != kWords.end() ? 1 : 0;
  }
  return found >= 2;
}

std::string gram_at(const Tokens& words, size_t i) {
  std::string gram;
  for (size_t j = 0; j < kGram; ++j) gram.append(words.word(i + j)).push_back(' ');
  return gram;
}

class PromptLeakDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    Tokens prompt;
    Tokens users;
    for (const Text& text : subject.texts) {
      if (text.kind == TextKind::kInstructions || text.zone == llm::Zone::kSystem) {
        prompt.append(text.text.substr(0, kMostBytes), false);
      } else if (text.zone == llm::Zone::kUser) {
        users.append(text.text.substr(0, kMostBytes), false);
      }
    }
    if (prompt.size() < kLeastShared) return;
    std::unordered_map<std::string, uint32_t> places;
    for (size_t i = 0; i + kGram <= prompt.size(); ++i) {
      places.emplace(gram_at(prompt, i), static_cast<uint32_t>(i));
    }
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.output && text.kind == TextKind::kMessage)
        judge(text, i, prompt, users, places, hits);
    }
  }

 private:
  static void judge(const Text& text, size_t index, const Tokens& prompt, const Tokens& users,
                    const std::unordered_map<std::string, uint32_t>& places,
                    std::vector<Hit>& hits) {
    Tokens answer;
    answer.append(text.text.substr(0, kMostBytes), false);
    size_t best = 0;
    size_t best_at = 0;
    size_t total = 0;
    for (size_t i = 0; i + kGram <= answer.size();) {
      const auto place = places.find(gram_at(answer, i));
      if (place == places.end()) {
        ++i;
        continue;
      }
      size_t length = kGram;
      while (i + length < answer.size() && place->second + length < prompt.size() &&
             answer.word(i + length) == prompt.word(place->second + length)) {
        ++length;
      }
      total += length;
      if (length > best && instructs(answer, i, length)) {
        best = length;
        best_at = i;
      }
      i += length;
    }
    if (best < kLeastShared || said_by_user(answer, best_at, best, users)) return;
    Hit hit{.alert = "system_prompt.leak",
            .detector = "prompt_leak",
            .score = std::min(
                1.0, 0.5 + static_cast<double>(total) / static_cast<double>(prompt.size()) / 2),
            .subtype = "passage",
            .text = index,
            .start = 0,
            .end = text.text.size()};
    hit.data["shared_words"] = std::to_string(total);
    hit.data["longest_passage_words"] = std::to_string(best);
    hit.data["share_of_prompt"] = std::to_string(total * 100 / prompt.size()) + "%";
    std::string passage;
    for (size_t i = best_at; i < best_at + std::min<size_t>(best, 40); ++i) {
      passage.append(passage.empty() ? "" : " ").append(answer.word(i));
    }
    hit.data["passage"] = passage;
    hits.push_back(std::move(hit));
  }

  static bool said_by_user(const Tokens& answer, size_t at, size_t count, const Tokens& users) {
    std::string passage;
    for (size_t i = at; i < at + count; ++i) passage.append(answer.word(i));
    return users.contains(passage);
  }
};

}  // namespace

std::unique_ptr<Detector> make_prompt_leak_detector() {
  return std::make_unique<PromptLeakDetector>();
}

}  // namespace sonde::detect
