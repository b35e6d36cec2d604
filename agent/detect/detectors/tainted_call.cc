// tool.tainted_call, exfiltration.tool_call: calls that carry out what untrusted text ordered
// (provenance/taint.h says how that is told).
#include <algorithm>

#include <fmt/format.h>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/provenance/taint.h"

namespace sonde::detect {

namespace {

// A conversation of thousands of calls is judged by its newest ones.
constexpr size_t kCallsJudged = 128;
constexpr double kHighestPoints = 12;

class TaintedCallDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    const auto calls = static_cast<size_t>(
        std::count_if(subject.texts.begin(), subject.texts.end(),
                      [](const Text& text) { return text.kind == TextKind::kToolCall; }));
    if (calls == 0) return;
    size_t skip = calls > kCallsJudged ? calls - kCallsJudged : 0;
    TaintTracker tracker;
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.kind == TextKind::kToolCall) {
        if (skip == 0) {
          judge(subject, tracker, i, hits);
        } else {
          --skip;
        }
      }
      add(subject, i, tracker);
    }
  }

 private:
  void add(const Subject& subject, size_t index, TaintTracker& tracker) const {
    const Text& text = subject.texts[index];
    if (text.kind == TextKind::kToolDefinition) return tracker.add_schema(text.text);
    switch (text.zone) {
      case llm::Zone::kSystem:
      case llm::Zone::kDeveloper:
        return tracker.add_system(text.text);
      case llm::Zone::kUser:
        return tracker.add_user(text.text);
      case llm::Zone::kAssistant:
        return tracker.add_assistant(text.text);
      case llm::Zone::kTool:
        break;
    }
    const AttackScore& attack = subject.attacks[index];
    Suspicion suspicion;
    if (attack.score >= model_.document_threshold()) {
      suspicion = {attack.score, attack.start, attack.end};
    }
    tracker.add_untrusted(text.text, index, suspicion);
  }

  static void judge(const Subject& subject, const TaintTracker& tracker, size_t index,
                    std::vector<Hit>& hits) {
    const Text& text = subject.texts[index];
    const Taint taint = tracker.judge(text.part->name, text.text);
    if (taint.points < kTaintAlarm) return;
    Hit hit{.alert = "tool.tainted_call",
            .detector = "provenance",
            .score = std::min(1.0, taint.points / kHighestPoints),
            .subtype = taint.value.empty() ? "action" : "argument",
            .text = index,
            .start = 0,
            .end = text.text.size()};
    describe(subject, taint, hit);
    const bool leaves = taint.destination &&
                        (!subject.secrets[index].empty() || tracker.carries_data(text.text, taint));
    if (leaves) {
      Hit exfiltration = hit;
      exfiltration.alert = "exfiltration.tool_call";
      exfiltration.subtype = subject.secrets[index].empty() ? "data" : "secret";
      hits.push_back(std::move(exfiltration));
    }
    hits.push_back(std::move(hit));
  }

  static void describe(const Subject& subject, const Taint& taint, Hit& hit) {
    const Text& source = subject.texts[taint.source];
    hit.data["order"] = source.text.substr(taint.order_start, taint.order_end - taint.order_start);
    hit.data["order_message_index"] = std::to_string(source.message_index);
    if (!taint.argument.empty()) hit.data["argument"] = taint.argument;
    if (!taint.value.empty()) hit.data["value"] = taint.value;
    std::string reasons;
    for (const TaintEvidence& evidence : taint.evidence) {
      reasons +=
          fmt::format("{}{} {:+g}", reasons.empty() ? "" : ", ", evidence.reason, evidence.points);
    }
    hit.data["reasons"] = reasons;
    hit.data["points"] = fmt::format("{:g}", taint.points);
  }

  const PromptModel& model_ = PromptModel::embedded();
};

}  // namespace

std::unique_ptr<Detector> make_tainted_call_detector() {
  return std::make_unique<TaintedCallDetector>();
}

}  // namespace sonde::detect
