// self_replication: an injected order travels on in a tool call. poisoning.*: suspicious text is
// written to where models learn or retrieve.
#include <algorithm>
#include <array>
#include <string>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/model/prompt_model.h"
#include "agent/detect/provenance/tokens.h"
#include "agent/detect/provenance/verbs.h"
#include "agent/detect/smuggling.h"

namespace sonde::detect {

namespace {

constexpr size_t kLeastWords = 8;

bool names_any(const Tokens& name, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.contains(word); });
}

class SpreadingDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    const std::string_view operation = subject.exchange.operation;
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.kind == TextKind::kToolCall) {
        replicates(subject, i, hits);
        stores(subject, i, hits);
      } else if (!text.output && operation.find("embed") != operation.npos) {
        judge_stored(subject, i, "poisoning.knowledge", "embeddings", hits);
      } else if (!text.output && (operation.find("fine_tun") != operation.npos ||
                                  operation.find("file") != operation.npos)) {
        judge_stored(subject, i, "poisoning.training", "fine_tuning", hits);
      }
    }
  }

 private:
  // The suspicious span of an earlier tool result stands in what the call sends on.
  void replicates(const Subject& subject, size_t index, std::vector<Hit>& hits) const {
    const Text& call = subject.texts[index];
    const Actions actions = actions_of_tool(tokens_of_name(call.part->name));
    if ((actions & (kSend | kUpload | kCreate)) == 0) return;
    Tokens sent;
    sent.append(call.text, true);
    for (size_t i = 0; i < index; ++i) {
      const AttackScore& attack = subject.attacks[i];
      if (subject.texts[i].zone != llm::Zone::kTool || attack.score < model_.document_threshold()) {
        continue;
      }
      Tokens order;
      order.append(subject.texts[i].text.substr(attack.start, attack.end - attack.start), true);
      if (order.size() < kLeastWords || !sent.contains(order)) continue;
      hits.push_back({.alert = "self_replication",
                      .detector = "spreading",
                      .score = attack.score,
                      .subtype = "tool_call",
                      .text = index,
                      .start = 0,
                      .end = call.text.size()});
      hits.back().data["source_message_index"] = std::to_string(subject.texts[i].message_index);
      return;
    }
  }

  // A tool that writes to a memory or a knowledge base.
  void stores(const Subject& subject, size_t index, std::vector<Hit>& hits) const {
    constexpr auto kMemory = std::to_array<std::string_view>({"memory", "memories", "remember"});
    constexpr auto kKnowledge = std::to_array<std::string_view>(
        {"knowledge", "vector", "vectorstore", "index", "embedding", "rag", "pinecone", "qdrant",
         "weaviate", "chroma", "milvus", "upsert"});
    const Tokens name = tokens_of_name(subject.texts[index].part->name);
    const Actions actions = actions_of_tool(name);
    const bool writes = (actions & ~kReadOnly) != 0 || actions == 0;
    if (!writes) return;
    if (names_any(name, kMemory)) {
      judge_stored(subject, index, "poisoning.memory", "memory_tool", hits);
    } else if (names_any(name, kKnowledge)) {
      judge_stored(subject, index, "poisoning.knowledge", "knowledge_tool", hits);
    }
  }

  void judge_stored(const Subject& subject, size_t index, std::string_view alert,
                    std::string_view subtype, std::vector<Hit>& hits) const {
    const Text& text = subject.texts[index];
    const AttackScore score = model_.score_document(text.text, {}, scratch_);
    const auto hidden = find_smuggled_text(text.text);
    if (score.score < model_.document_threshold() && hidden.empty()) return;
    hits.push_back({.alert = alert,
                    .detector = "spreading",
                    .score = hidden.empty() ? score.score : 1.0,
                    .subtype = std::string(subtype),
                    .text = index,
                    .start = hidden.empty() ? score.start : hidden.front().start,
                    .end = hidden.empty() ? score.end : hidden.front().end});
  }

  const PromptModel& model_ = PromptModel::embedded();
  mutable Scratch scratch_;
};

}  // namespace

std::unique_ptr<Detector> make_spreading_detector() {
  return std::make_unique<SpreadingDetector>();
}

}  // namespace sonde::detect
