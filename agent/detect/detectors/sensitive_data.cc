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
    std::string_view encoding;  // of the first
    std::set<std::string> values;
    std::string value;  // the first
  };
  using Groups = std::map<std::string_view, Group>;

  static void count(Groups& groups, const PersonalData& item, std::string value,
                    std::string_view encoding) {
    Group& group = groups.try_emplace(item.type, Group{item, encoding, {}, value}).first->second;
    group.values.insert(std::move(value));
  }

  static void inspect_text(const Text& text, size_t index, std::vector<Hit>& hits) {
    Groups groups;
    for (const PersonalData& item : find_personal_data(text.text))
      count(groups, item, std::string(text.text.substr(item.start, item.end - item.start)), {});
    for (const EncodedPersonalData& item : find_encoded_personal_data(text.text))
      count(groups, item.place, item.value, item.encoding);
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
      if (!group.encoding.empty()) hit.data["encoding"] = group.encoding;
      hit.fingerprint_of = group.value;
      hits.push_back(std::move(hit));
    }
  }
};

}  // namespace

std::unique_ptr<Detector> make_sensitive_data_detector() {
  return std::make_unique<SensitiveDataDetector>();
}

}  // namespace sonde::detect
