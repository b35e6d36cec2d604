// mcp.rug_pull: a tool's definition that changes within one run of a program. tool.anomalous_call:
// a tool, or an argument of one, that an application with settled habits never used; a server of
// models has the habits of all its callers.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "agent/detect/application.h"
#include "agent/detect/baselines.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/fingerprint.h"
#include "agent/detect/lru_map.h"

namespace sonde::detect {

namespace {

constexpr size_t kTools = 4096;
constexpr size_t kLongestKept = 4096;
constexpr size_t kVariants = 4;  // definitions of one name that an application alternates between
constexpr std::string_view kUnkeyed;  // definitions are no secrets: one hash on every host
constexpr uint64_t kWarmUpCalls = 300;
constexpr uint64_t kWarmUpCallsOfTool = 100;

// Dates and counters in a description change by themselves.
std::string without_digits(const llm::ToolDefinition& tool) {
  std::string text = tool.description + "\n" + tool.parameters;
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  text.resize(std::min(text.size(), kLongestKept));
  return text;
}

// A tool is told apart by who lists it. One program runs several agents, each with definitions of
// its own under names such as "task": what instructs them tells them apart.
std::string lister_of(const llm::Exchange& exchange) {
  constexpr size_t kOpening = 256;
  std::string instructions;
  const auto add = [&](const std::vector<llm::Part>& parts) {
    for (const llm::Part& part : parts)
      if (instructions.size() < kOpening) instructions += part.content.substr(0, kOpening);
  };
  add(exchange.system_instructions);
  for (const llm::Message& message : exchange.input)
    if (message.zone == llm::Zone::kSystem || message.zone == llm::Zone::kDeveloper)
      add(message.parts);
  std::erase_if(instructions, [](char c) { return c >= '0' && c <= '9'; });
  const llm::Process& process = exchange.process;
  return fmt::format("{}/{}/{:x}", process.pid, process.start_time_ns,
                     std::hash<std::string>()(instructions));
}

// A model's server is told the tools of all its clients, whatever names they share. A server of
// tools tells its own.
bool lists_its_own_tools(const llm::Exchange& exchange) {
  return exchange.capture.side != "server" || exchange.operation == "tools/list";
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

// Names of the members of a JSON object, its own and no deeper ones; none where it is no object.
std::vector<std::string> top_level_names(std::string_view text) {
  constexpr size_t kLongestName = 64;
  std::vector<std::string> names;
  size_t depth = 0;
  for (size_t i = 0; i < text.size() && names.size() < ToolHabit::kArguments; ++i) {
    const char c = text[i];
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c != '"') continue;
    const size_t start = ++i;
    while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
    const size_t end = std::min(i, text.size());
    const size_t next = text.find_first_not_of(" \t\r\n", end + 1);
    const bool is_name = next != std::string_view::npos && text[next] == ':';
    if (is_name && depth == 1)
      names.emplace_back(text.substr(start, std::min(end - start, kLongestName)));
  }
  return names;
}

class ToolChangesDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    const std::string application = application_key(subject.exchange);
    if (application.empty()) return;
    const bool compares = !subject.exchange.tools.empty() && lists_its_own_tools(subject.exchange);
    const std::string lister = compares ? lister_of(subject.exchange) : std::string();
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      const bool description = compares && text.kind == TextKind::kToolDefinition &&
                               text.text.data() == text.tool->description.data();
      if (description) compare(subject, i, lister, hits);
      const bool own_call = subject.exchange.capture.side != "server" &&
                            text.kind == TextKind::kToolCall && text.output;
      if (own_call) note_call(subject, i, application, hits);
    }
  }

 private:
  struct Definition {
    std::vector<std::string> variants;
    std::string shown;  // the first description, as it was
  };
  // Within one run of a program: an upgrade may change what it likes.
  void compare(const Subject& subject, size_t index, const std::string& lister,
               std::vector<Hit>& hits) {
    const llm::ToolDefinition& tool = *subject.texts[index].tool;
    Definition& known = definitions_[lister + "/" + tool.name];
    const std::string text = without_digits(tool);
    const bool same =
        std::find(known.variants.begin(), known.variants.end(), text) != known.variants.end();
    if (same || known.variants.size() >= kVariants) return;
    if (!known.variants.empty()) {
      Hit hit{.alert = "mcp.rug_pull",
              .detector = "tool_changes",
              .score = 0.9,
              .subtype = "definition_changed",
              .text = index,
              .start = 0,
              .end = subject.texts[index].text.size()};
      hit.data["hash_before"] = fingerprint(kUnkeyed, known.variants.front());
      hit.data["hash_after"] = fingerprint(kUnkeyed, text);
      hit.data["before"] = changed_part(known.shown, tool.description);
      hit.data["after"] = changed_part(tool.description, known.shown);
      hits.push_back(std::move(hit));
    }
    if (known.variants.empty()) known.shown = tool.description.substr(0, kLongestKept);
    known.variants.push_back(text);
  }

  static void note_call(const Subject& subject, size_t index, const std::string& application,
                        std::vector<Hit>& hits) {
    const Text& text = subject.texts[index];
    ApplicationBaseline& baseline = subject.baselines.applications[application];
    const bool settled = baseline.tool_calls++ >= kWarmUpCalls &&
                         baseline.tools.size() <= ApplicationBaseline::kTools;
    const auto place = baseline.tools.find(text.part->name);
    const bool known = place != baseline.tools.end();
    if (!known && baseline.tools.size() > ApplicationBaseline::kTools) return;
    ToolHabit& habit = known ? place->second : baseline.tools[text.part->name];
    const std::string argument = unusual_argument(text.text, habit);
    ++habit.calls;
    if (!settled || (known && argument.empty())) return;
    Hit hit{.alert = "tool.anomalous_call",
            .detector = "tool_changes",
            .score = 0.6,
            .subtype = known ? "new_argument" : "new_tool",
            .text = index,
            .start = 0,
            .end = text.text.size()};
    hit.data["usual_tools"] = std::to_string(baseline.tools.size() - (known ? 0 : 1));
    if (known) hit.data["argument"] = argument;
    hits.push_back(std::move(hit));
  }

  // The name of an argument that a tool with a habit was never called with; learns all of them.
  static std::string unusual_argument(std::string_view arguments, ToolHabit& habit) {
    const bool judged =
        habit.calls >= kWarmUpCallsOfTool && habit.arguments.size() < ToolHabit::kArguments;
    std::string unusual;
    for (std::string& name : top_level_names(arguments)) {
      if (habit.arguments.contains(name)) continue;
      if (habit.arguments.size() < ToolHabit::kArguments) habit.arguments.insert(name);
      if (judged) unusual = std::move(name);
    }
    return unusual;
  }

  LruMap<Definition> definitions_{kTools};
};

}  // namespace

std::unique_ptr<Detector> make_tool_changes_detector() {
  return std::make_unique<ToolChangesDetector>();
}

}  // namespace sonde::detect
