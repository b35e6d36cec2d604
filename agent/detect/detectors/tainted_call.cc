#include "agent/detect/detectors/tainted_call.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::detect {

namespace {

// A conversation of thousands of calls is judged by its newest ones.
constexpr size_t kCallsJudged = 128;
constexpr double kHighestPoints = 12;

void describe(const Subject& subject, const Taint& taint, Hit& hit) {
  hit.data["order"] = taint.order;
  if (taint.source != TaintTracker::kRemembered) {
    hit.data["order_message_index"] = std::to_string(subject.texts[taint.source].message_index);
  }
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

}  // namespace

void TaintedCallDetector::inspect(const Subject& subject, std::vector<Hit>& hits,
                                  Scores& /*scores*/) {
  const auto calls = static_cast<size_t>(
      std::count_if(subject.texts.begin(), subject.texts.end(),
                    [](const Text& text) { return text.kind == TextKind::kToolCall; }));
  // An answer that a later request may go on from without sending the conversation again.
  const llm::Exchange& exchange = subject.exchange;
  const bool resumable = exchange.response_id.starts_with("resp_");
  if (calls == 0 && !resumable) return;
  size_t skip = calls > kCallsJudged ? calls - kCallsJudged : 0;
  Memory memory;
  if (const TaintTracker* past = conversations_.find(exchange.previous_response_id)) {
    memory.tracker = *past;
  }
  for (size_t i = 0; i < subject.texts.size(); ++i) {
    const bool call = subject.texts[i].kind == TextKind::kToolCall;
    if (call && skip == 0) judge(subject, i, memory, hits);
    if (call && skip > 0) --skip;
    add(subject, i, memory.tracker);
  }
  memory.tracker.trim();
  if (resumable) conversations_[exchange.response_id] = memory.tracker;
  const uint32_t pid = exchange.process.pid;
  if (pid == 0 || !memory.tracker.has_orders()) return;
  processes_[std::to_string(pid)] = std::move(memory);
}

void TaintedCallDetector::add(const Subject& subject, size_t index, TaintTracker& tracker) const {
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

void TaintedCallDetector::judge(const Subject& subject, size_t index, Memory& memory,
                                std::vector<Hit>& hits) const {
  const Text& text = subject.texts[index];
  const Taint taint = memory.tracker.judge(text.part->name, text.text);
  if (taint.points >= kTaintContext) {
    memory.steered.push_back({{}, taint.points});
    memory.steered.back().words.append(text.text, true);
  }
  if (taint.points < kTaintAlarm) return;
  Hit hit{.alert = "tool.tainted_call",
          .detector = "provenance",
          .score = std::min(1.0, taint.points / kHighestPoints),
          .subtype = taint.value.empty() ? "action" : "argument",
          .text = index,
          .start = 0,
          .end = text.text.size()};
  describe(subject, taint, hit);
  const bool leaves = taint.destination && (!subject.secrets[index].empty() ||
                                            memory.tracker.carries_data(text.text, taint));
  if (leaves) {
    Hit exfiltration = hit;
    exfiltration.alert = "exfiltration.tool_call";
    exfiltration.subtype = subject.secrets[index].empty() ? "data" : "secret";
    hits.push_back(std::move(exfiltration));
  }
  hits.push_back(std::move(hit));
}

std::optional<Hit> TaintedCallDetector::judge_process(const llm::Process& process) {
  constexpr size_t kLeastCommand = 8;
  Memory* memory = nullptr;
  for (const llm::ProcessRef& parent : process.parents) {
    memory = processes_.find(std::to_string(parent.pid));
    if (memory != nullptr) break;
  }
  if (memory == nullptr) return std::nullopt;
  std::string command;
  for (const std::string& word : process.command_line) {
    command += (command.empty() ? "" : " ") + word;
  }
  Tokens words;
  words.append(command, false);
  // The process inherits the score of the call that holds its arguments.
  double points = 0;
  if (words.joined().size() >= kLeastCommand) {
    for (const Memory::Call& call : memory->steered) {
      if (call.words.contains(words)) points = std::max(points, call.points);
    }
  }
  const Taint own = memory->tracker.judge_command(command);
  if (std::max(points, own.points) < kTaintAlarm) return std::nullopt;
  Hit hit{.alert = "tool.tainted_exec",
          .detector = "provenance",
          .score = std::min(1.0, std::max(points, own.points) / kHighestPoints),
          .subtype = points >= own.points ? "call" : "command"};
  hit.data["command"] = command;
  hit.data["executable"] = process.exe;
  if (!own.value.empty()) hit.data["value"] = own.value;
  return hit;
}

}  // namespace sonde::detect
