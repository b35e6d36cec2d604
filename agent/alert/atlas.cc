#include "agent/alert/atlas.h"

#include <algorithm>
#include <array>

namespace sonde::alert {
namespace {

struct Technique {
  std::string_view id;
  std::string_view name;
};

// By id.
constexpr auto kTechniques = std::to_array<Technique>({
    {"AML.T0010", "AI Supply Chain Compromise"},
    {"AML.T0010.003", "Model"},
    {"AML.T0011", "User Execution"},
    {"AML.T0011.000", "Unsafe AI Artifacts"},
    {"AML.T0011.003", "Malicious Link"},
    {"AML.T0012", "Valid Accounts"},
    {"AML.T0020", "Poison Training Data"},
    {"AML.T0034", "Cost Harvesting"},
    {"AML.T0034.000", "Excessive Queries"},
    {"AML.T0040", "AI Model Inference API Access"},
    {"AML.T0050", "Command and Scripting Interpreter"},
    {"AML.T0051", "LLM Prompt Injection"},
    {"AML.T0051.000", "Direct"},
    {"AML.T0051.001", "Indirect"},
    {"AML.T0052", "Phishing"},
    {"AML.T0053", "AI Agent Tool Invocation"},
    {"AML.T0054", "LLM Jailbreak"},
    {"AML.T0055", "Unsecured Credentials"},
    {"AML.T0056", "Extract LLM System Prompt"},
    {"AML.T0057", "LLM Data Leakage"},
    {"AML.T0061", "LLM Prompt Self-Replication"},
    {"AML.T0068", "LLM Prompt Obfuscation"},
    {"AML.T0069", "Discover LLM System Information"},
    {"AML.T0070", "RAG Poisoning"},
    {"AML.T0072", "Reverse Shell"},
    {"AML.T0077", "LLM Response Rendering"},
    {"AML.T0080", "AI Agent Context Poisoning"},
    {"AML.T0080.000", "Memory"},
    {"AML.T0082", "RAG Credential Harvesting"},
    {"AML.T0083", "Credentials from AI Agent Configuration"},
    {"AML.T0086", "Exfiltration via AI Agent Tool Invocation"},
    {"AML.T0098", "AI Agent Tool Credential Harvesting"},
    {"AML.T0101", "Data Destruction via AI Agent Tool Invocation"},
    {"AML.T0105", "Escape to Host"},
    {"AML.T0109", "AI Supply Chain Rug Pull"},
    {"AML.T0110", "AI Agent Tool Poisoning"},
});

}  // namespace

std::string_view technique_name(std::string_view id) {
  const auto* const found = std::lower_bound(
      kTechniques.begin(), kTechniques.end(), id,
      [](const Technique& technique, std::string_view wanted) { return technique.id < wanted; });
  return found != kTechniques.end() && found->id == id ? found->name : id;
}

}  // namespace sonde::alert
