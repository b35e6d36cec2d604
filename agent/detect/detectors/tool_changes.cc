// mcp.rug_pull, tool.anomalous_call: tools that are not what they were. In memory, bounded, for
// each application and run.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "agent/detect/application.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/lru_map.h"

namespace sonde::detect {

namespace {

constexpr size_t kTools = 4096;
constexpr size_t kApplications = 512;
constexpr size_t kLongestKept = 4096;
constexpr size_t kVariants = 4;  // definitions of one name that an application alternates between
constexpr uint32_t kEstablished = 2;  // exchanges that showed the first definition
constexpr uint64_t kWarmUpCalls = 300;
constexpr size_t kMostTools = 64;  // an application with more has no habit

// Dates and counters in a description change by themselves.
std::string without_digits(const llm::ToolDefinition& tool) {
  std::string text = tool.description + "\n" + tool.parameters;
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  text.resize(std::min(text.size(), kLongestKept));
  return text;
}

// The part in which two texts differ, with a little around it.
std::string changed_part(std::string_view text, std::string_view other) {
  constexpr size_t kAround = 20;
  constexpr size_t kLongest = 300;
  size_t start = 0;
  while (start < std::min(text.size(), other.size()) && text[start] == other[start]) ++start;
  size_t tail = 0;
  while (tail < std::min(text.size(), other.size()) - start &&
         text[text.size() - 1 - tail] == other[other.size() - 1 - tail]) {
    ++tail;
  }
  const size_t from = start > kAround ? start - kAround : 0;
  const size_t to = std::min(text.size(), text.size() - tail + kAround);
  return std::string(text.substr(from, std::min(to - from, kLongest)));
}

class ToolChangesDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    const std::string application = application_key(subject.exchange);
    if (application.empty()) return;
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      const bool description = text.kind == TextKind::kToolDefinition &&
                               text.text.data() == text.tool->description.data();
      if (description) compare(subject, i, hits);
      if (text.kind == TextKind::kToolCall && text.output) note_call(text, i, application, hits);
    }
  }

 private:
  struct Definition {
    std::vector<std::string> variants;
    std::string shown;  // the first description, as it was
    uint32_t seen = 0;
  };
  struct Habit {
    std::set<std::string, std::less<>> tools;
    uint64_t calls = 0;
  };

  // Within one run of a program: an upgrade may change what it likes.
  void compare(const Subject& subject, size_t index, std::vector<Hit>& hits) {
    const llm::Process& process = subject.exchange.process;
    const llm::ToolDefinition& tool = *subject.texts[index].tool;
    Definition& known =
        definitions_[fmt::format("{}/{}/{}", process.pid, process.start_time_ns, tool.name)];
    const std::string text = without_digits(tool);
    const bool same =
        std::find(known.variants.begin(), known.variants.end(), text) != known.variants.end();
    if (same || known.variants.size() >= kVariants) {
      ++known.seen;
      return;
    }
    if (!known.variants.empty() && known.seen >= kEstablished) {
      Hit hit{.alert = "mcp.rug_pull",
              .detector = "tool_changes",
              .score = 0.9,
              .subtype = "definition_changed",
              .text = index,
              .start = 0,
              .end = subject.texts[index].text.size()};
      hit.data["before"] = changed_part(known.shown, tool.description);
      hit.data["after"] = changed_part(tool.description, known.shown);
      hits.push_back(std::move(hit));
    }
    if (known.variants.empty()) known.shown = tool.description.substr(0, kLongestKept);
    known.variants.push_back(text);
    ++known.seen;
  }

  void note_call(const Text& text, size_t index, const std::string& application,
                 std::vector<Hit>& hits) {
    Habit& habit = habits_[application];
    const bool settled = habit.calls++ >= kWarmUpCalls && habit.tools.size() <= kMostTools;
    if (habit.tools.contains(text.part->name)) return;
    if (habit.tools.size() <= kMostTools) habit.tools.insert(text.part->name);
    if (!settled) return;
    hits.push_back({.alert = "tool.anomalous_call",
                    .detector = "tool_changes",
                    .score = 0.6,
                    .subtype = "new_tool",
                    .text = index,
                    .start = 0,
                    .end = text.text.size()});
    hits.back().data["usual_tools"] = std::to_string(habit.tools.size() - 1);
  }

  LruMap<Definition> definitions_{kTools};
  LruMap<Habit> habits_{kApplications};
};

}  // namespace

std::unique_ptr<Detector> make_tool_changes_detector() {
  return std::make_unique<ToolChangesDetector>();
}

}  // namespace sonde::detect
