#include "collector/incident/stage.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace sonde::incident {
namespace {

struct Rule {
  std::string_view prefix;  // of the alert's name; the first that fits decides
  Stage stage;
};
constexpr auto kRules = std::to_array<Rule>({
    {"reconnaissance", Stage::kReconnaissance},
    {"access.", Stage::kInitialAccess},
    {"exposed_service", Stage::kInitialAccess},
    {"prompt_attack.", Stage::kInjection},
    {"ascii_smuggling", Stage::kInjection},
    {"mcp.", Stage::kInjection},
    {"poisoning.", Stage::kInjection},
    {"malicious_url.model_response", Stage::kExfiltration},
    {"malicious_url.", Stage::kInjection},
    {"custom.", Stage::kInjection},
    {"tool.tainted_exec", Stage::kExecution},
    {"model_file.", Stage::kExecution},
    {"tool.", Stage::kToolUse},
    {"credential.tool_call", Stage::kExfiltration},
    {"credential.", Stage::kCollection},
    {"sensitive_data.", Stage::kCollection},
    {"system_prompt.", Stage::kCollection},
    {"exfiltration.", Stage::kExfiltration},
    {"self_replication", Stage::kImpact},
    {"wallet.", Stage::kImpact},
});

struct Name {
  Stage stage;
  std::string_view word;    // in the API
  std::string_view phrase;  // in a title
};
constexpr auto kNames = std::to_array<Name>({
    {Stage::kNone, "none", "Activity"},
    {Stage::kReconnaissance, "reconnaissance", "reconnaissance"},
    {Stage::kInitialAccess, "initial_access", "suspicious access"},
    {Stage::kInjection, "injection", "prompt injection"},
    {Stage::kToolUse, "tool_use", "tool use"},
    {Stage::kExecution, "execution", "execution"},
    {Stage::kCollection, "collection", "exposed data"},
    {Stage::kExfiltration, "exfiltration", "exfiltration"},
    {Stage::kImpact, "impact", "impact"},
});

bool contains(StageSet stages, Stage stage) { return (stages & stage_bit(stage)) != 0; }

std::string place(const std::string& application, const std::string& host) {
  if (application.empty()) return host;
  return host.empty() ? application : fmt::format("{} on {}", application, host);
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

std::string_view to_string(Stage stage) {
  return kNames[static_cast<size_t>(std::clamp<int64_t>(static_cast<int64_t>(stage), 0, 8))].word;
}

Stage stage_of(std::string_view alert) {
  for (const Rule& rule : kRules) {
    if (alert.starts_with(rule.prefix)) return rule.stage;
  }
  return Stage::kNone;
}

Stage furthest(StageSet stages) {
  Stage last = Stage::kNone;
  for (const Name& name : kNames) {
    if (contains(stages, name.stage)) last = name.stage;
  }
  return last;
}

std::string incident_title(StageSet stages, const std::string& alert_title,
                           const std::string& application, const std::string& host) {
  std::vector<std::string_view> words;
  for (const Name& name : kNames) {
    if (name.stage != Stage::kNone && contains(stages, name.stage)) words.push_back(name.phrase);
  }
  std::string title = alert_title;
  if (words.size() > 1) {
    title = words.front();
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    title += " led to " + joined({words.begin() + 1, words.end()});
  }
  const std::string where = place(application, host);
  return where.empty() ? title : title + ": " + where;
}

store::Severity incident_severity(StageSet stages, store::Severity highest_alert) {
  using store::Severity;
  Severity severity = highest_alert;
  const bool injected = contains(stages, Stage::kInjection);
  const bool serious =
      contains(stages, Stage::kExecution) || contains(stages, Stage::kExfiltration);
  if (injected && (serious || contains(stages, Stage::kToolUse))) {
    severity = std::max(severity, serious ? Severity::kCritical : Severity::kHigh);
  }
  return severity;
}

}  // namespace sonde::incident
