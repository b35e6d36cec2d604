// sensitive_data.prompt, sensitive_data.response: validated personal data, one finding for each
// type in a text, with its count. sensitive_data.anomaly: in answers, against the application's
// past.
#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>

#include "agent/detect/contact_details.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/detectors/sensitive_anomaly.h"
#include "agent/detect/personal_data.h"

namespace sonde::detect {

namespace {

// Addresses of so many people in one text are a list of contacts, whatever stands around them.
constexpr size_t kContacts = 25;

class SensitiveDataDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    SensitiveCounts answered;
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.kind == TextKind::kToolDefinition) continue;
      const size_t before = hits.size();
      inspect_text(subject.texts, i, hits);
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

  static Groups groups_of(const Text& text, const std::vector<PersonalData>& items) {
    Groups groups;
    for (const PersonalData& item : items)
      count(groups, item, std::string(text.text.substr(item.start, item.end - item.start)), {});
    return groups;
  }

  // A tool is called with what a user or another tool gave: that was told where it came in.
  static void drop_passed_on(std::span<const Text> earlier, const Text& call,
                             std::vector<PersonalData>& items) {
    std::erase_if(items, [&](const PersonalData& item) {
      const std::string_view value = call.text.substr(item.start, item.end - item.start);
      return std::any_of(earlier.begin(), earlier.end(), [&](const Text& text) {
        return text.kind != TextKind::kToolCall && text.zone != llm::Zone::kAssistant &&
               text.text.find(value) != text.text.npos;
      });
    });
  }

  // Records and recipients are the work of agents: in what tools are called with and answer, a
  // contact or an account to pay to is no disclosure.
  static bool is_common(std::string_view type, bool tool) {
    return is_contact(type) || (tool && type == "iban");
  }

  static void inspect_text(std::span<const Text> texts, size_t index, std::vector<Hit>& hits) {
    const Text& text = texts[index];
    std::vector<PersonalData> items = find_personal_data(text.text);
    if (text.kind == TextKind::kToolCall) drop_passed_on(texts.first(index), text, items);
    Groups groups = groups_of(text, items);
    for (const EncodedPersonalData& item : find_encoded_personal_data(text.text))
      count(groups, item.place, item.value, item.encoding);
    const bool tool = text.kind == TextKind::kToolCall || text.kind == TextKind::kToolResult;
    Groups persons;
    if (!tool) persons = groups_of(text, contacts_of_persons(text.text, items));
    for (const auto& [type, all] : groups) {
      const Group* group = &all;
      if (is_common(type, tool) && all.values.size() < kContacts) {
        const auto place = persons.find(type);
        if (place == persons.end()) continue;
        group = &place->second;
      }
      hits.push_back(make_hit(text, index, type, *group));
    }
  }

  static Hit make_hit(const Text& text, size_t index, std::string_view type, const Group& group) {
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
    return hit;
  }
};

}  // namespace

std::unique_ptr<Detector> make_sensitive_data_detector() {
  return std::make_unique<SensitiveDataDetector>();
}

}  // namespace sonde::detect
