#include "agent/detect/catalogue.h"

#include <algorithm>
#include <array>

namespace sonde::detect {

namespace {

constexpr auto kCatalogue = std::to_array<AlertInfo>({
    {"prompt_attack.user", Severity::kMedium, "AML.T0051.000 AML.T0054", "LLM01",
     "A user tries to take the model over",
     "Read the evidence in its conversation. If it is an attack, limit or block the user and check "
     "what the model answered and which tools it called afterwards."},
    {"prompt_attack.document", Severity::kHigh, "AML.T0051.001", "LLM01 ASI01",
     "Untrusted text gives instructions to the model",
     "Find where the text came from and remove it. Check the tool calls that followed, and let the "
     "application ask a person before it acts on what it has read."},
    {"prompt_attack.blocked", Severity::kMedium, "AML.T0054", "LLM01",
     "The provider blocked a prompt attack",
     "The attack was stopped. Look for other attempts by the same user or from the same source."},
    {"prompt_attack.flagged", Severity::kMedium, "AML.T0054", "LLM01",
     "The provider detected a prompt attack and let it pass",
     "Set the provider's filter to block, and check what the model answered."},
    {"ascii_smuggling", Severity::kHigh, "AML.T0068", "LLM01",
     "Text is hidden in invisible characters",
     "Read the decoded text. Strip tag characters and variation selectors from input before it "
     "reaches the model."},
    {"credential.response", Severity::kMedium, "AML.T0057 AML.T0055", "LLM02",
     "A secret stands in an answer of the model",
     "Revoke and replace the secret, then find out how the model came to know it."},
    {"credential.prompt", Severity::kMedium, "AML.T0083 AML.T0082", "LLM02",
     "A secret was sent to a model",
     "Replace the secret if the provider must not know it, and keep it out of prompts."},
    {"credential.tool_call", Severity::kHigh, "AML.T0086 AML.T0098", "LLM02 ASI02",
     "A secret leaves through a tool call",
     "Revoke the secret, see where the tool sent it, and give the tool its own credential."},
    {"malicious_url.user_prompt", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09",
     "A known malicious address stands in a prompt",
     "Do not let the application open the address. Check whether the user was a victim of it."},
    {"malicious_url.model_response", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09",
     "The model answered with a known malicious address",
     "Warn the users who saw the answer, and find the text that the model took it from."},
    {"malicious_url.tool_output", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09",
     "A tool brought in a known malicious address",
     "Remove the source, and check the tool calls that followed."},
    {"malicious_url.unknown", Severity::kHigh, "AML.T0052 AML.T0011.003", "LLM05 ASI09",
     "A known malicious address stands in instructions or tool definitions",
     "Check who can change the instructions and the tools of this application."},
});

}  // namespace

std::span<const AlertInfo> alert_catalogue() { return kCatalogue; }

const AlertInfo* find_alert(std::string_view name) {
  const auto place = std::find_if(kCatalogue.begin(), kCatalogue.end(),
                                  [&](const AlertInfo& info) { return info.name == name; });
  return place == kCatalogue.end() ? nullptr : &*place;
}

}  // namespace sonde::detect
