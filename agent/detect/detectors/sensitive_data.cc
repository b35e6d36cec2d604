// sensitive_data.prompt, sensitive_data.response: validated personal data, one finding for each
// type in a text, with its count. sensitive_data.anomaly: in answers, against the application's
// past.
#include <map>
#include <set>
#include <string>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/detectors/sensitive_anomaly.h"
#include "agent/detect/personal_data.h"

namespace sonde::detect {

namespace {

// Addresses of so many people in one text are a list of contacts, not a signature.
constexpr size_t kContacts = 25;

class SensitiveDataDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    SensitiveCounts answered;
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.kind == TextKind::kToolDefinition) continue;
      const size_t before = hits.size();
      inspect_text(text, i, hits);
      const bool message = text.output && text.kind == TextKind::kMessage;
      for (size_t j = before; message && j < hits.size(); ++j) {
        SensitiveCount& count = answered[hits[j].subtype];
        count = {count.values + std::stoul(hits[j].data.at("count")), i, hits[j].start,
                 hits[j].end};
      }
    }
    judge_sensitive_answers(subject, answered, hits);
  }

 private:
  struct Group {
    PersonalData first;
    std::set<std::string_view> values;
  };

  static void inspect_text(const Text& text, size_t index, std::vector<Hit>& hits) {
    std::map<std::string_view, Group> groups;
    for (const PersonalData& item : find_personal_data(text.text)) {
      Group& group = groups.try_emplace(item.type, Group{item, {}}).first->second;
      group.values.insert(text.text.substr(item.start, item.end - item.start));
    }
    for (const auto& [type, group] : groups) {
      if (is_contact(type) && group.values.size() < kContacts) continue;
      Hit hit{.alert = text.zone == llm::Zone::kAssistant ? "sensitive_data.response"
                                                          : "sensitive_data.prompt",
              .detector = "sensitive_data",
              .score = is_contact(type) ? 0.6 : 0.95,
              .subtype = std::string(type),
              .text = index,
              .start = group.first.start,
              .end = group.first.end};
      hit.data["count"] = std::to_string(group.values.size());
      hit.fingerprint_of = text.text.substr(group.first.start, group.first.end - group.first.start);
      hits.push_back(std::move(hit));
    }
  }
};

}  // namespace

std::unique_ptr<Detector> make_sensitive_data_detector() {
  return std::make_unique<SensitiveDataDetector>();
}

}  // namespace sonde::detect
