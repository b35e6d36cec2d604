// mcp.tool_poisoning: tool definitions that instruct the model behind the user's back. Definitions
// are full of honest instructions ("always call X first"), so that several signs must come
// together.
#include <algorithm>
#include <string>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/model/prompt_model.h"
#include "agent/detect/provenance/phrases.h"
#include "agent/detect/smuggling.h"

namespace sonde::detect {

namespace {

constexpr double kAlarm = 3;

class ToolPoisoningDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      if (subject.texts[i].kind == TextKind::kToolDefinition) judge(subject, i, hits);
    }
  }

 private:
  struct Evidence {
    double points = 0;
    std::string reasons;
    size_t start = 0;
    size_t end = 0;

    void add(std::string_view reason, double value, size_t from, size_t to) {
      if (reasons.find(reason) != std::string::npos) return;
      if (points == 0) start = from;
      points += value;
      reasons += (reasons.empty() ? "" : ", ") + std::string(reason);
      end = std::max(end, to);
      start = std::min(start, from);
    }
  };

  void judge(const Subject& subject, size_t index, std::vector<Hit>& hits) const {
    const Text& text = subject.texts[index];
    Evidence evidence;
    for (const PatternMatch& match : subject.patterns[index]) {
      switch (match.pattern->family) {
        case PatternFamily::kSecrecy:
          evidence.add("secrecy", 2, match.start, match.end);
          break;
        case PatternFamily::kOverride:
          evidence.add(match.pattern->subtype, match.pattern->subtype == "override" ? 2 : 1,
                       match.start, match.end);
          break;
        case PatternFamily::kSensitiveFile:
          evidence.add("sensitive_" + std::string(match.pattern->subtype), 1, match.start,
                       match.end);
          break;
        case PatternFamily::kCommand:
          evidence.add("command", 1, match.start, match.end);
          break;
        case PatternFamily::kProbe:
          break;
      }
    }
    if (has_role_markup(text.text)) evidence.add("role_markup", 1, 0, 0);
    names_other_tool(subject, index, evidence);
    const AttackScore& attack = subject.attacks[index];
    if (attack.score >= kSure) evidence.add("model", 1, attack.start, attack.end);
    for (const SmuggledText& hidden : find_smuggled_text(text.text)) {
      evidence.add("invisible_text", kAlarm, hidden.start, hidden.end);
    }
    if (evidence.points < kAlarm) return;
    Hit hit{.alert = "mcp.tool_poisoning",
            .detector = "tool_poisoning",
            .score = std::min(1.0, evidence.points / (2 * kAlarm)),
            .subtype = "description",
            .text = index,
            .start = evidence.start,
            .end = std::max(evidence.end, evidence.start)};
    hit.data["reasons"] = evidence.reasons;
    hits.push_back(std::move(hit));
  }

  // "When send_email is called, ..." in the description of another tool: shadowing.
  static void names_other_tool(const Subject& subject, size_t index, Evidence& evidence) {
    const Text& text = subject.texts[index];
    for (const llm::ToolDefinition& other : subject.exchange.tools) {
      if (&other == text.tool || other.name.size() < 5 ||
          other.name.find('_') == std::string::npos) {
        continue;
      }
      if (evidence.points == 0) return;  // naming each other is what families of tools do
      const size_t at = text.text.find(other.name);
      if (at != std::string_view::npos) {
        evidence.add("names_other_tool", 1, at, at + other.name.size());
      }
    }
  }

  static constexpr double kSure = 0.9;
};

}  // namespace

std::unique_ptr<Detector> make_tool_poisoning_detector() {
  return std::make_unique<ToolPoisoningDetector>();
}

}  // namespace sonde::detect
