#include "agent/detect/catalogue.h"

#include <algorithm>
#include <array>

namespace sonde::detect {

namespace {

// Titles and remediation stand in the alert layer's catalogue.
constexpr auto kCatalogue = std::to_array<AlertInfo>({
    {"prompt_attack.user", Severity::kMedium, "AML.T0051.000 AML.T0054", "LLM01"},
    {"prompt_attack.document", Severity::kHigh, "AML.T0051.001", "LLM01 ASI01"},
    {"prompt_attack.blocked", Severity::kMedium, "AML.T0054", "LLM01"},
    {"prompt_attack.flagged", Severity::kMedium, "AML.T0054", "LLM01"},
    {"ascii_smuggling", Severity::kHigh, "AML.T0068", "LLM01"},
    {"credential.response", Severity::kMedium, "AML.T0057 AML.T0055", "LLM02"},
    {"credential.prompt", Severity::kMedium, "AML.T0083 AML.T0082", "LLM02"},
    {"credential.tool_call", Severity::kHigh, "AML.T0086 AML.T0098", "LLM02 ASI02"},
    {"sensitive_data.prompt", Severity::kLow, "AML.T0057", "LLM02"},
    {"sensitive_data.response", Severity::kLow, "AML.T0057", "LLM02"},
    {"sensitive_data.anomaly", Severity::kMedium, "AML.T0057", "LLM02"},
    {"malicious_url.user_prompt", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09"},
    {"malicious_url.model_response", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09"},
    {"malicious_url.tool_output", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09"},
    {"malicious_url.unknown", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09"},
    {"exfiltration.rendered", Severity::kHigh, "AML.T0077", "LLM02 LLM05"},
    {"exfiltration.tool_call", Severity::kHigh, "AML.T0086", "ASI02"},
    {"tool.tainted_call", Severity::kHigh, "AML.T0053", "LLM06 ASI02"},
    {"tool.tainted_exec", Severity::kCritical, "AML.T0050 AML.T0072", "ASI05"},
    {"tool.dangerous_command", Severity::kMedium, "AML.T0101 AML.T0072 AML.T0105", "LLM06"},
    {"tool.anomalous_call", Severity::kLow, "AML.T0053", "LLM06"},
    {"mcp.tool_poisoning", Severity::kHigh, "AML.T0110", "LLM03 ASI04"},
    {"mcp.rug_pull", Severity::kHigh, "AML.T0109", "LLM03 ASI04"},
    {"system_prompt.leak", Severity::kMedium, "AML.T0056", "LLM07"},
    {"reconnaissance", Severity::kLow, "AML.T0069", "LLM07"},
    {"wallet.duplicate_requests", Severity::kMedium, "AML.T0034", "LLM10"},
    {"wallet.volume_anomaly", Severity::kMedium, "AML.T0034.000", "LLM10"},
    {"access.tor_exit", Severity::kHigh, "AML.T0040 AML.T0012", ""},
    {"access.suspicious_ip", Severity::kHigh, "AML.T0040 AML.T0012", ""},
    {"access.suspicious_user_agent", Severity::kMedium, "AML.T0040 AML.T0012", ""},
    {"access.anomaly", Severity::kMedium, "AML.T0012", "ASI03"},
    {"access.key_reuse", Severity::kMedium, "AML.T0012", "ASI03"},
    {"poisoning.knowledge", Severity::kMedium, "AML.T0070", "LLM04 LLM08 ASI06"},
    {"poisoning.memory", Severity::kMedium, "AML.T0080.000", "LLM04 LLM08 ASI06"},
    {"poisoning.training", Severity::kMedium, "AML.T0020", "LLM04 LLM08 ASI06"},
    {"self_replication", Severity::kHigh, "AML.T0061", "ASI08"},
    {"shadow_ai", Severity::kLow, "", "LLM03"},
    {"model_file.unsafe", Severity::kHigh, "AML.T0010.003 AML.T0011.000", "LLM03"},
    {"exposed_service", Severity::kMedium, "AML.T0040", ""},
});

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> out;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    out.emplace_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return out;
}

}  // namespace

std::span<const AlertInfo> alert_catalogue() { return kCatalogue; }

const AlertInfo* find_alert(std::string_view name) {
  const auto place = std::find_if(kCatalogue.begin(), kCatalogue.end(),
                                  [&](const AlertInfo& info) { return info.name == name; });
  return place == kCatalogue.end() ? nullptr : &*place;
}

Finding finding_of(std::string_view alert, std::string_view detector) {
  const AlertInfo& info = *find_alert(alert);
  Finding finding;
  finding.alert = alert;
  finding.detector = detector;
  finding.severity = info.severity;
  finding.atlas = split(info.atlas);
  finding.owasp = split(info.owasp);
  return finding;
}

}  // namespace sonde::detect
