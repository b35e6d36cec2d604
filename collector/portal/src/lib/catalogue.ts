// What each alert means to a person: one sentence of what happened, why it matters, what to do.
// The agent's own remediation text wins where it sends one.

export interface Facts {
  application: string;
  model: string;
  host: string;
  tool: string;
}

export interface AlertInfo {
  /** Short name for lists and charts. */
  label: string;
  /** One sentence: who did what to whom. */
  headline: (facts: Facts) => string;
  why: string;
  steps: string[];
}

const app = (facts: Facts) => facts.application || "An application";
const model = (facts: Facts) => facts.model || "a model";
const tool = (facts: Facts) => (facts.tool ? `the tool ${facts.tool}` : "a tool");

const kRotate = "Revoke the secret at its issuer and issue a new one; deleting the message is not enough.";
const kTrace = "Read the conversation around the evidence and the tool calls that followed it.";
const kContain = "If the call went through, treat what it reached as exposed and stop the application until that is clear.";
const kSource = "Find where the untrusted text came from (page, mail, file, tool) and block or clean that source.";

const kCatalogue: Record<string, AlertInfo> = {
  "prompt_attack.user": {
    label: "Prompt attack by a user",
    headline: (f) => `A user of ${app(f)} tried to talk ${model(f)} out of its rules.`,
    why: "A jailbreak that succeeds turns the application's own rights and data against its owner.",
    steps: ["Check the answer: did the model refuse or comply?", "Look for further attempts by the same user, address or conversation.", "If it complied, narrow the system prompt and the tools this application may call."],
  },
  "prompt_attack.document": {
    label: "Prompt attack in a document",
    headline: (f) => `${app(f)} gave ${model(f)} untrusted text that contains orders to the model.`,
    why: "Text that was fetched as data speaks as an instruction. An agent that follows it acts for the attacker.",
    steps: [kTrace, kSource, kContain],
  },
  "prompt_attack.blocked": {
    label: "Attack blocked by the provider",
    headline: (f) => `The provider refused a request of ${app(f)} as an attack on ${model(f)}.`,
    why: "The provider's own guard saw an attack. The attempt failed, the person behind it may try again.",
    steps: ["Identify the user or source of the request.", "Look for attempts nearby that were not blocked."],
  },
  "prompt_attack.flagged": {
    label: "Attack flagged by the provider",
    headline: (f) => `The provider flagged a request of ${app(f)} as an attack but answered it.`,
    why: "The provider's guard saw an attack and let it pass.",
    steps: ["Read the answer: did the model comply?", "Set the provider's guard to block for this deployment."],
  },
  ascii_smuggling: {
    label: "Hidden text (ASCII smuggling)",
    headline: (f) => `Text that people cannot see was passed between ${app(f)} and ${model(f)}.`,
    why: "Models read invisible Unicode characters. They carry orders in and data out past every human reviewer.",
    steps: ["Read the decoded text in the evidence.", kSource, "Strip Unicode tags, variation selectors and bidirectional controls before text reaches the model."],
  },
  "credential.response": {
    label: "Secret in an answer",
    headline: (f) => `${model(f)} answered ${app(f)} with a secret.`,
    why: "A secret in an answer reaches users, logs and other tools.",
    steps: [kRotate, "Find how the model came to know it: system prompt, retrieved document, tool result.", "Keep secrets out of what models can read."],
  },
  "credential.prompt": {
    label: "Secret in a prompt",
    headline: (f) => `${app(f)} sent a secret to ${model(f)}.`,
    why: "The secret has left the host and may be stored by the provider.",
    steps: [kRotate, "Find where it entered the prompt and mask it there."],
  },
  "credential.tool_call": {
    label: "Secret in a tool call",
    headline: (f) => `${model(f)} passed a secret to ${tool(f)} of ${app(f)}.`,
    why: "A secret that a model hands to a tool leaves through a door nobody watches.",
    steps: [kRotate, kContain, "Check the destination of the call."],
  },
  "sensitive_data.prompt": {
    label: "Personal data in a prompt",
    headline: (f) => `${app(f)} sent personal data to ${model(f)}.`,
    why: "Personal data sent to a provider is a transfer that policy or law may forbid.",
    steps: ["Check that this application may process these kinds of data with this provider.", "Mask or drop what the task does not need."],
  },
  "sensitive_data.response": {
    label: "Personal data in an answer",
    headline: (f) => `${model(f)} answered ${app(f)} with personal data.`,
    why: "The reader of the answer may not be entitled to the data in it.",
    steps: ["Check who saw the answer.", "Restrict what the retrieval or tool behind it returns."],
  },
  "sensitive_data.anomaly": {
    label: "Unusual personal data",
    headline: (f) => `Answers to ${app(f)} carry kinds or amounts of personal data not seen there before.`,
    why: "A new kind of data in the answers often means a query that went too far, or an extraction.",
    steps: ["Compare with the application's usual answers.", "Look for one user or conversation behind the change."],
  },
  "malicious_url.user_prompt": {
    label: "Malicious URL in a prompt",
    headline: (f) => `A user gave ${app(f)} a link that threat intelligence knows as malicious.`,
    why: "An agent that opens the link loads what the attacker put there.",
    steps: ["Check whether a tool fetched the link.", "Block the host."],
  },
  "malicious_url.model_response": {
    label: "Malicious URL in an answer",
    headline: (f) => `${model(f)} answered ${app(f)} with a link that threat intelligence knows as malicious.`,
    why: "People trust links that an assistant gives them.",
    steps: ["Find who saw the answer and whether they followed the link.", "Find what made the model name it; look for poisoned sources.", "Block the host."],
  },
  "malicious_url.tool_output": {
    label: "Malicious URL in a tool result",
    headline: (f) => `A tool returned to ${app(f)} a link that threat intelligence knows as malicious.`,
    why: "The model may follow the link or pass it on.",
    steps: [kTrace, kSource, "Block the host."],
  },
  "malicious_url.unknown": {
    label: "Malicious URL",
    headline: (f) => `A link known as malicious passed between ${app(f)} and ${model(f)}.`,
    why: "Threat intelligence knows the destination.",
    steps: [kTrace, "Block the host."],
  },
  "exfiltration.rendered": {
    label: "Exfiltration by a rendered link",
    headline: (f) => `${model(f)} answered ${app(f)} with a link or image that carries conversation data to a foreign host.`,
    why: "A client that renders the image sends the data without a click.",
    steps: ["Check whether the client renders images and links of that host.", kSource, "Allow images only from your own hosts."],
  },
  "exfiltration.tool_call": {
    label: "Exfiltration by a tool call",
    headline: (f) => `${model(f)} used ${tool(f)} of ${app(f)} to send data where only untrusted text asked it to.`,
    why: "Neither the user nor the system prompt named this destination: the attacker did.",
    steps: [kContain, kSource, "Restrict the destinations of this tool."],
  },
  "tool.tainted_call": {
    label: "Tool call steered by untrusted text",
    headline: (f) => `${model(f)} called ${tool(f)} of ${app(f)} with a value that only untrusted text contains.`,
    why: "A consequential argument came from data, not from the user or the system prompt: the injection worked.",
    steps: [kContain, kSource, "Require confirmation for this tool."],
  },
  "tool.tainted_exec": {
    label: "Untrusted text was executed",
    headline: (f) => `${app(f)} started a process that runs what untrusted text said.`,
    why: "This is remote code execution through a model.",
    steps: ["Isolate the host or container now.", "Follow the process tree, its files and its connections.", kSource, "Run agent tools in a sandbox without credentials."],
  },
  "tool.dangerous_command": {
    label: "Dangerous command",
    headline: (f) => `${model(f)} asked ${tool(f)} of ${app(f)} to run a destructive or hijacking command.`,
    why: "Such commands are rarely what an assistant is for.",
    steps: ["Check whether the command ran.", kTrace, "Deny such commands in the tool itself."],
  },
  "tool.anomalous_call": {
    label: "Unusual tool call",
    headline: (f) => `${app(f)} used ${tool(f)} in a way not seen there before.`,
    why: "A change of habit can be a release, or a hijacked agent.",
    steps: ["Compare with recent releases of the application.", kTrace],
  },
  "mcp.tool_poisoning": {
    label: "Poisoned tool description",
    headline: (f) => `The description of ${tool(f)} offered to ${app(f)} contains orders to the model.`,
    why: "Tool descriptions are read by the model as instructions, and by nobody else.",
    steps: ["Disconnect the MCP server that offers the tool.", "Check calls made since it was connected.", "Pin servers and review descriptions."],
  },
  "mcp.rug_pull": {
    label: "Tool definition changed",
    headline: (f) => `${tool(f)[0]?.toUpperCase()}${tool(f).slice(1)} of ${app(f)} changed its definition after first use.`,
    why: "A tool that was reviewed once may be swapped later.",
    steps: ["Read the difference in the facts of this alert.", "Disconnect the server until its owner explains the change."],
  },
  "system_prompt.leak": {
    label: "System prompt leaked",
    headline: (f) => `${model(f)} told ${app(f)} passages of its own system prompt.`,
    why: "The system prompt shows an attacker what to work around, and sometimes secrets.",
    steps: ["Check the prompt for anything that must stay secret, and change that.", "Look for further extraction attempts of the same user."],
  },
  reconnaissance: {
    label: "Reconnaissance",
    headline: (f) => `A user of ${app(f)} probes for instructions, tools or guardrails of ${model(f)}.`,
    why: "Attacks begin with questions about the target.",
    steps: ["Watch the same user and conversation.", "No action is needed if nothing follows."],
  },
  "wallet.duplicate_requests": {
    label: "Duplicate requests",
    headline: (f) => `${app(f)} sends many nearly equal requests to ${model(f)}.`,
    why: "A loop or an attacker spends your money or exhausts your quota.",
    steps: ["Find the caller behind the requests.", "Set a rate limit and a budget."],
  },
  "wallet.volume_anomaly": {
    label: "Unusual volume",
    headline: (f) => `${app(f)} uses far more of ${model(f)} than usual at this time.`,
    why: "Denial of wallet, a stolen key, or a runaway agent.",
    steps: ["Find the caller behind the rise.", "Check that the key is used only where it should be.", "Set a budget."],
  },
  "access.tor_exit": {
    label: "Access through Tor",
    headline: (f) => `${app(f)} was used from a Tor exit node.`,
    why: "The caller hides where they come from.",
    steps: ["Check the session and its user.", "Block Tor where users have no need of it."],
  },
  "access.suspicious_ip": {
    label: "Access from a suspicious address",
    headline: (f) => `${app(f)} was used from an address that threat intelligence knows.`,
    why: "The address takes part in attacks elsewhere.",
    steps: ["Check the session and its user.", "Block the address."],
  },
  "access.suspicious_user_agent": {
    label: "Suspicious client",
    headline: (f) => `${app(f)} was used by a client that attack tools use.`,
    why: "The client names itself as a scanner or attack tool.",
    steps: ["Ask whether a test was announced.", "Look at what else this client sent."],
  },
  "access.anomaly": {
    label: "Unusual access",
    headline: (f) => `${model(f)} is used by a process, user, container, network or key not seen with it before (${app(f)}).`,
    why: "New ways to a model can be a deployment, or an intruder.",
    steps: ["Check for a recent deployment.", "Otherwise revoke the key in use."],
  },
  "access.key_reuse": {
    label: "Shared API key",
    headline: (f) => `The same API key is used by ${app(f)} and by other applications or hosts.`,
    why: "A shared key cannot be attributed, and a stolen key looks the same.",
    steps: ["Check that every user of the key is known.", "Give each application a key of its own and revoke this one."],
  },
  "poisoning.knowledge": {
    label: "Poisoned knowledge",
    headline: (f) => `${app(f)} wrote text with instructions or malicious links where models retrieve from.`,
    why: "The text will come back in later conversations of other users.",
    steps: ["Remove the entry from the store.", kSource],
  },
  "poisoning.memory": {
    label: "Poisoned memory",
    headline: (f) => `${app(f)} stored instructions or malicious links in an agent's memory.`,
    why: "Memory outlives the conversation: the agent stays hijacked.",
    steps: ["Remove the memory entry.", kTrace],
  },
  "poisoning.training": {
    label: "Poisoned training data",
    headline: (f) => `${app(f)} uploaded training data with instructions, hidden text or malicious links.`,
    why: "What a model learns cannot be patched out.",
    steps: ["Stop the fine-tuning job.", "Clean the data and check its origin."],
  },
  self_replication: {
    label: "Self-replicating prompt",
    headline: (f) => `${model(f)} passed an injected instruction on through ${app(f)}.`,
    why: "The instruction spreads to the next agent or reader: a worm.",
    steps: ["Stop the agents that received the output.", kSource, kTrace],
  },
  shadow_ai: {
    label: "Shadow AI",
    headline: (f) => `${app(f)} on ${f.host || "a host"} uses AI that the policy does not allow.`,
    why: "What nobody approved, nobody reviews.",
    steps: ["Ask the owner of the application.", "Allow it in the policy, or block it."],
  },
  "model_file.unsafe": {
    label: "Unsafe model file",
    headline: (f) => `${app(f)} opened a model file that runs code when loaded.`,
    why: "Pickled models execute what is in them.",
    steps: ["Quarantine the file and check its origin.", "Load safetensors or GGUF instead."],
  },
  exposed_service: {
    label: "Exposed model server",
    headline: (f) => `${app(f)} serves a model beyond this host without authentication.`,
    why: "Anyone in reach can use the model and read what it knows.",
    steps: ["Bind it to loopback or put authentication in front."],
  },
  "coverage.blind": {
    label: "AI process not heard",
    headline: (f) => `${app(f)} on ${f.host || "a host"} speaks to AI and cannot be heard.`,
    why: "Attacks through this process stay unseen.",
    steps: ["Open Coverage for the reason and what to do."],
  },
  "sensor.health": {
    label: "Sensor health",
    headline: (f) => `The sensor on ${f.host || "a host"} reports a problem.`,
    why: "Alerts may be missing while this lasts.",
    steps: ["Open the agent's page for its counters."],
  },
};

/** Words for an alert name that the catalogue does not know (user rules). */
function plainName(name: string): string {
  const words = name.replace(/^custom\./, "").replace(/[._-]+/g, " ").trim();
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : "Alert";
}

export function describe(name: string, title = ""): AlertInfo {
  if (Object.hasOwn(kCatalogue, name)) return kCatalogue[name] as AlertInfo;
  return {
    label: plainName(name),
    headline: (facts) =>
      title || `${plainName(name)}: ${app(facts)} with ${model(facts)}.`,
    why: name.startsWith("custom.") ? "A rule of your own raised this alert." : "",
    steps: [],
  };
}

export const alertNames: readonly string[] = Object.keys(kCatalogue);
