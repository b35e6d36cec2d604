#include "agent/detect/detectors/tainted_call.h"

#include <algorithm>

#include <fmt/format.h>

#include "agent/llm/exchange_facts.h"

namespace sonde::detect {

namespace {

// A conversation of thousands of calls is judged by its newest ones.
constexpr size_t kCallsJudged = 128;
constexpr double kHighestPoints = 12;

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// What a process was told to do, as a tool call would say it: of "/bin/sh -c SCRIPT" the script, of
// other programs their name without its folder, and their arguments.
std::string command_of(const llm::Process& process) {
  constexpr size_t kLongest = size_t{64} << 10;
  const std::vector<std::string>& words = process.command_line;
  if (words.empty()) return std::string(base_name(process.exe));
  const std::string_view name = base_name(words[0]);
  const bool shell = name == "sh" || name == "bash" || name == "dash" || name == "zsh" ||
                     name == "ksh" || name == "ash" || name == "busybox";
  if (shell) {
    for (size_t i = 1; i + 1 < words.size(); ++i) {
      // "-c", also together with others: "-lc".
      if (words[i].size() >= 2 && words[i][0] == '-' && words[i].back() == 'c') {
        return words[i + 1].substr(0, kLongest);
      }
    }
  }
  std::string command(name);
  for (size_t i = 1; i < words.size() && command.size() < kLongest; ++i) command += " " + words[i];
  return command;
}

void describe(const Subject& subject, const Taint& taint, Hit& hit) {
  hit.data["order"] = taint.order;
  if (taint.source != TaintTracker::kRemembered) {
    const Text& source = subject.texts[taint.source];
    hit.data["order_message_index"] = std::to_string(source.message_index);
    hit.cause = taint.source;
    hit.cause_start = std::min(source.text.find(taint.order), source.text.size());
    hit.cause_end = std::min(hit.cause_start + taint.order.size(), source.text.size());
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
  if (memory.tracker.has_orders()) remember(exchange, std::move(memory));
}

void TaintedCallDetector::remember(const llm::Exchange& exchange, Memory&& memory) {
  if (exchange.process.pid == 0) return;
  memory.exchange = llm::without_texts(exchange);
  Conversations& conversations = processes_[std::to_string(exchange.process.pid)];
  const auto same = [&](const Memory& other) {
    return !exchange.conversation_id.empty() &&
           other.exchange.conversation_id == exchange.conversation_id;
  };
  conversations.erase(std::remove_if(conversations.begin(), conversations.end(), same),
                      conversations.end());
  conversations.push_front(std::move(memory));
  if (conversations.size() > kConversationsOfProcess) conversations.pop_back();
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

std::optional<TaintedCallDetector::JudgedProcess> TaintedCallDetector::judge_process(
    const llm::Process& process) {
  constexpr size_t kLeastCommand = 8;
  const Conversations* conversations = nullptr;
  for (const llm::ProcessRef& parent : process.parents) {
    if (found_.find(std::to_string(parent.pid)) != nullptr) return std::nullopt;
    conversations = processes_.find(std::to_string(parent.pid));
    if (conversations != nullptr) break;
  }
  // The shell that replaces itself by its only command is the same process; a number that is used
  // again belongs to another one.
  const std::string pid = std::to_string(process.pid);
  if (const uint64_t* start = found_.find(pid)) {
    if (*start == process.start_time_ns) return std::nullopt;
    found_.erase(pid);
  }
  if (conversations == nullptr) return std::nullopt;
  const std::string command = command_of(process);
  Tokens words;
  words.append(command, false);
  const bool long_enough = words.joined().size() >= kLeastCommand;
  for (const Memory& memory : *conversations) {
    // The process inherits the score of the call that holds its arguments.
    double points = 0;
    for (const Memory::Call& call : memory.steered) {
      if (long_enough && call.words.contains(words)) points = std::max(points, call.points);
    }
    const Taint own = memory.tracker.judge_command(command);
    if (std::max(points, own.points) < kTaintAlarm) continue;
    found_[pid] = process.start_time_ns;
    JudgedProcess judged{{.alert = "tool.tainted_exec",
                          .detector = "provenance",
                          .score = std::min(1.0, std::max(points, own.points) / kHighestPoints),
                          .subtype = points >= own.points ? "call" : "command"},
                         memory.exchange};
    judged.hit.data["command"] = command;
    judged.hit.data["executable"] = process.exe;
    judged.hit.data["started_pid"] = pid;
    if (!own.value.empty()) judged.hit.data["value"] = own.value;
    if (!own.order.empty()) judged.hit.data["order"] = own.order;
    return judged;
  }
  return std::nullopt;
}

}  // namespace sonde::detect
