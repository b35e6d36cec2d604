// tool.dangerous_command: what an agent hands to a shell, a database or an interpreter.
#include <algorithm>
#include <array>
#include <string>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/provenance/tokens.h"
#include "agent/detect/provenance/verbs.h"

namespace sonde::detect {

namespace {

// A text about a command is no command: only tools that run something, or whose name does not say
// what they do, or that take a parameter for a command.
bool runs_something(const Text& text) {
  const Actions actions = actions_of_tool(tokens_of_name(text.part->name));
  if (actions == 0 || (actions & kRun) != 0) return true;
  constexpr auto kKeys = std::to_array<std::string_view>(
      {"\"command\"", "\"cmd\"", "\"script\"", "\"shell\"", "\"query\"", "\"sql\""});
  for (const std::string_view key : kKeys) {
    if (text.text.find(key) != std::string_view::npos) return true;
  }
  return false;
}

class DangerousCommandDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.kind != TextKind::kToolCall || !runs_something(text)) continue;
      for (const PatternMatch& match : subject.patterns[i]) {
        if (match.pattern->family != PatternFamily::kCommand) continue;
        hits.push_back(make_hit(i, match, is_steered(hits, i)));
      }
    }
  }

 private:
  // Provenance is judged before (engine.cc): was the call found to be ordered by untrusted text?
  static bool is_steered(const std::vector<Hit>& hits, size_t text) {
    return std::any_of(hits.begin(), hits.end(), [&](const Hit& hit) {
      return hit.text == text && hit.alert == "tool.tainted_call";
    });
  }

  static Hit make_hit(size_t index, const PatternMatch& match, bool steered) {
    const std::string_view subtype = match.pattern->subtype;
    Hit hit{.alert = "tool.dangerous_command",
            .detector = "dangerous_command",
            .score = 0.9,
            .subtype = std::string(subtype),
            .text = index,
            .start = match.start,
            .end = match.end};
    if (steered) hit.severity = Severity::kHigh;
    return hit;
  }
};

}  // namespace

std::unique_ptr<Detector> make_dangerous_command_detector() {
  return std::make_unique<DangerousCommandDetector>();
}

}  // namespace sonde::detect
