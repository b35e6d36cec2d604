// reconnaissance: a user who asks for the model's instructions, tools and limits, one after the
// other.
#include <set>
#include <string>

#include "agent/detect/detectors/detectors.h"

namespace sonde::detect {

namespace {

// Different things asked for in one conversation; one alone is curiosity. Fewer kinds count where
// many turns ask for them.
constexpr size_t kProbes = 3;
constexpr size_t kFewProbes = 2;
constexpr size_t kTurns = 4;

class ReconnaissanceDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    std::set<std::string_view> asked;
    std::set<size_t> turns;
    size_t last_text = 0;
    PatternMatch last;
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      if (subject.texts[i].zone != llm::Zone::kUser) continue;
      for (const PatternMatch& match : subject.patterns[i]) {
        if (match.pattern->family != PatternFamily::kProbe) continue;
        asked.insert(match.pattern->subtype);
        turns.insert(i);
        last_text = i;
        last = match;
      }
    }
    if (asked.size() < (turns.size() >= kTurns ? kFewProbes : kProbes)) return;
    std::string list;
    for (const std::string_view name : asked)
      list += (list.empty() ? "" : ", ") + std::string(name);
    Hit hit{.alert = "reconnaissance",
            .detector = "reconnaissance",
            .score = asked.size() > kProbes || turns.size() >= kTurns ? 0.9 : 0.7,
            .subtype = "probing",
            .text = last_text,
            .start = last.start,
            .end = last.end};
    hit.data["probes"] = list;
    hits.push_back(std::move(hit));
  }
};

}  // namespace

std::unique_ptr<Detector> make_reconnaissance_detector() {
  return std::make_unique<ReconnaissanceDetector>();
}

}  // namespace sonde::detect
