#include "agent/alert/catalogue.h"

#include <array>

namespace sonde::alert {
namespace {

constexpr auto kEntries = std::to_array<CatalogueEntry>({
    {"prompt_attack.user", "Prompt injection or jailbreak attempt by a user",
     "Read the message in its conversation. If the model gave way, end the session, review what "
     "the answer disclosed and which tools ran, and consider blocking the end user."},
    {"prompt_attack.document", "Instructions to the model hidden in untrusted content",
     "Find the document, page or tool result that carried the text and remove it from the data "
     "source. Check the tool calls that followed in this conversation and undo their effects."},
    {"prompt_attack.blocked", "The provider blocked an attack on the model",
     "No harm is expected of this request. Look for the same user, address or document in other "
     "conversations, where the attempt may have passed."},
    {"prompt_attack.flagged", "The provider flagged an attack on the model",
     "The provider detected the attempt and let it pass. Read the answer and the tool calls that "
     "followed, and consider turning its filter from annotate to block."},
    {"ascii_smuggling", "Invisible text in a message",
     "Read the decoded text. Strip invisible Unicode before text reaches the model, and find out "
     "who or what wrote it."},
    {"credential.response", "A credential in a model's answer",
     "Revoke and replace the credential. Find out how the model came to know it: prompt, "
     "retrieved document or tool result, and remove it there."},
    {"credential.prompt", "A credential was sent to a model",
     "Revoke and replace the credential: it left for the provider. Keep secrets out of prompts "
     "by reference, or mask them before sending."},
    {"credential.tool_call", "A credential leaves through a tool call",
     "Revoke and replace the credential at once. Stop the agent, check where the tool sent it, "
     "and limit which destinations the tool may reach."},
    {"sensitive_data.anomaly", "Unusual personal data in answers of an application",
     "Compare with the application's purpose. If the data should not be there, restrict what it "
     "can retrieve and notify the owner of the data."},
    {"sensitive_data.prompt", "Personal data was sent to a model",
     "Check that the provider may process this data. Mask or drop what the task does not need."},
    {"sensitive_data.response", "Personal data in a model's answer",
     "Check that the reader may see this data, and restrict what the application can retrieve."},
    {"malicious_url.user_prompt", "A user sent a known malicious address",
     "Make sure that no tool fetched the address. Consider blocking the end user."},
    {"malicious_url.model_response", "A known malicious address in a model's answer",
     "Warn the people who saw the answer. Find the source that the model took it from."},
    {"malicious_url.tool_output", "A known malicious address in a tool's output",
     "Remove the source from what the tool can reach, and check the following calls."},
    {"malicious_url.unknown", "A known malicious address in a conversation",
     "Find out who brought the address into the conversation and whether it was opened."},
    {"exfiltration.rendered", "An answer carries data to a foreign host when it is shown",
     "Do not render images and links of foreign hosts. Treat the data in the address as "
     "disclosed, and find the text that told the model to write it."},
    {"exfiltration.tool_call", "A tool call sends data to a destination named by untrusted text",
     "Stop the agent, block the destination, treat the data as disclosed, and remove the text "
     "that named it."},
    {"tool.tainted_call", "A tool call follows untrusted text",
     "Undo the call's effect where possible. Require confirmation for calls of consequence, and "
     "remove the text that supplied the argument."},
    {"tool.tainted_exec", "An AI application ran a command that untrusted text named",
     "Isolate the host or container, treat it as compromised, and preserve the process tree. "
     "Remove the tool's ability to run commands, or put it into a sandbox."},
    {"tool.dangerous_command", "A tool call carries a dangerous command",
     "Check whether the command ran and what it changed. Restrict the tool to an allow-list."},
    {"tool.anomalous_call", "An unusual tool call",
     "Compare with what the application usually does. Allow-list the call if it is expected."},
    {"mcp.tool_poisoning", "A tool's definition carries instructions or hidden text",
     "Disconnect the MCP server, review its tools, and install it only from a trusted source."},
    {"mcp.rug_pull", "A tool's definition changed after first use",
     "Compare the two definitions. Pin the server's version, and approve the change or "
     "disconnect the server."},
    {"system_prompt.leak", "An answer repeats the system prompt",
     "Assume that the system prompt is known. Remove secrets and access rules from it; enforce "
     "them outside of the model."},
    {"reconnaissance", "Someone probes the model for its instructions and tools",
     "Watch the end user or address for attacks that follow, and limit the request rate."},
    {"wallet.duplicate_requests", "Many equal requests in a short time",
     "Check the client for a retry loop or abuse. Limit requests per user and cache answers."},
    {"wallet.volume_anomaly", "Token use far above the usual",
     "Check for abuse or a runaway agent. Set a budget for the key at the provider."},
    {"access.tor_exit", "Access to an AI service from an anonymising network",
     "Check whether the user is expected to come from there, and consider blocking the network."},
    {"access.suspicious_ip", "Access to an AI service from a suspicious address",
     "Check what the address asked for, and consider blocking it."},
    {"access.suspicious_user_agent", "Access to an AI service by a suspicious client",
     "Check what the client asked for, and consider blocking it."},
    {"access.anomaly", "Unusual access to a model",
     "Confirm with the owner that the new process, user or key is expected. Rotate the key if "
     "not."},
    {"access.key_reuse", "One API key is used by several applications",
     "Confirm that the key is shared on purpose. Give each application its own, and rotate it."},
    {"poisoning.knowledge", "Suspicious text written to a knowledge base",
     "Remove the text from the store and check answers that used it. Review who may write there."},
    {"poisoning.memory", "Suspicious text written to an agent's memory",
     "Delete the entry from memory, and check the conversations that read it."},
    {"poisoning.training", "Suspicious text in training data",
     "Stop the tuning job, remove the records, and do not deploy models trained on them."},
    {"self_replication", "An answer carries an injected instruction onward",
     "Stop the agents that read this answer, and remove the instruction from all that it reached."},
    {"shadow_ai", "An AI service that the policy does not allow",
     "Allow the service in the policy, or block it and point the team to one that is allowed."},
    {"model_file.unsafe", "A model file that can run code was opened",
     "Treat the process as compromised. Use a format without code, such as safetensors."},
    {"exposed_service", "A model server is open to the network without authentication",
     "Bind it to loopback or put authentication in front of it, and review past requests."},
    {"coverage.blind", "An AI process that cannot be heard",
     "See `sonde doctor` on the host for the reason and what can be done."},
    {"sensor.health", "The sensor is degraded",
     "See `sonde doctor` on the host, the agent's log and its counters."},
    {"custom", "A custom rule matched", "See the description of the rule."},
});

constexpr CatalogueEntry kGeneral{"", "Suspicious use of a model",
                                  "Read the evidence in its conversation."};

// "credential" is a prefix of "credential.response" but not of "credentials".
bool is_prefix(std::string_view prefix, std::string_view name) {
  return name.starts_with(prefix) && (name.size() == prefix.size() || name[prefix.size()] == '.');
}

}  // namespace

const CatalogueEntry& catalogue_entry(std::string_view alert) {
  const CatalogueEntry* best = &kGeneral;
  for (const CatalogueEntry& entry : kEntries) {
    if (is_prefix(entry.name, alert) && entry.name.size() > best->name.size()) best = &entry;
  }
  return *best;
}

}  // namespace sonde::alert
