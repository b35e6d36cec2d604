// sensitive_data.prompt, sensitive_data.response: validated personal data, one finding for each
// type in a text, with its count.
#include <map>
#include <set>
#include <string>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/personal_data.h"

namespace sonde::detect {

namespace {

// Addresses of so many people in one text are a list of contacts, not a signature.
constexpr size_t kContacts = 25;

class SensitiveDataDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      if (subject.texts[i].kind == TextKind::kToolDefinition) continue;
      inspect_text(subject.texts[i], i, hits);
    }
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
