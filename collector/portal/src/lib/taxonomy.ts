// Names of the techniques and risks that alerts refer to: MITRE ATLAS, OWASP Top 10 for LLM
// applications (2025) and OWASP Top 10 for agentic applications.

const kAtlas: Record<string, string> = {
  "AML.T0010": "AI Supply Chain Compromise",
  "AML.T0010.003": "AI Supply Chain Compromise: Model",
  "AML.T0011": "User Execution",
  "AML.T0011.000": "User Execution: Unsafe AI Artifacts",
  "AML.T0011.003": "User Execution: Malicious Link",
  "AML.T0012": "Valid Accounts",
  "AML.T0020": "Poison Training Data",
  "AML.T0034": "Cost Harvesting",
  "AML.T0034.000": "Cost Harvesting: Excessive Queries",
  "AML.T0040": "AI Model Inference API Access",
  "AML.T0050": "Command and Scripting Interpreter",
  "AML.T0051": "LLM Prompt Injection",
  "AML.T0051.000": "LLM Prompt Injection: Direct",
  "AML.T0051.001": "LLM Prompt Injection: Indirect",
  "AML.T0052": "Phishing",
  "AML.T0053": "AI Agent Tool Invocation",
  "AML.T0054": "LLM Jailbreak",
  "AML.T0055": "Unsecured Credentials",
  "AML.T0056": "Extract LLM System Prompt",
  "AML.T0057": "LLM Data Leakage",
  "AML.T0061": "LLM Prompt Self-Replication",
  "AML.T0068": "LLM Prompt Obfuscation",
  "AML.T0069": "Discover LLM System Information",
  "AML.T0070": "RAG Poisoning",
  "AML.T0072": "Reverse Shell",
  "AML.T0077": "LLM Response Rendering",
  "AML.T0080": "AI Agent Context Poisoning",
  "AML.T0080.000": "AI Agent Context Poisoning: Memory",
  "AML.T0082": "RAG Credential Harvesting",
  "AML.T0083": "Credentials from AI Agent Configuration",
  "AML.T0086": "Exfiltration via AI Agent Tool Invocation",
  "AML.T0098": "AI Agent Tool Credential Harvesting",
  "AML.T0101": "Data Destruction via AI Agent Tool Invocation",
  "AML.T0105": "Escape to Host",
  "AML.T0109": "AI Supply Chain Rug Pull",
  "AML.T0110": "AI Agent Tool Poisoning",
};

const kOwasp: Record<string, string> = {
  LLM01: "Prompt Injection",
  LLM02: "Sensitive Information Disclosure",
  LLM03: "Supply Chain",
  LLM04: "Data and Model Poisoning",
  LLM05: "Improper Output Handling",
  LLM06: "Excessive Agency",
  LLM07: "System Prompt Leakage",
  LLM08: "Vector and Embedding Weaknesses",
  LLM09: "Misinformation",
  LLM10: "Unbounded Consumption",
  ASI01: "Agent Goal Hijack",
  ASI02: "Tool Misuse and Exploitation",
  ASI03: "Identity and Privilege Abuse",
  ASI04: "Agentic Supply Chain Vulnerabilities",
  ASI05: "Unexpected Code Execution",
  ASI06: "Memory and Context Poisoning",
  ASI07: "Insecure Inter-Agent Communication",
  ASI08: "Cascading Failures",
  ASI09: "Human-Agent Trust Exploitation",
  ASI10: "Rogue Agents",
};

export interface Reference { id: string; name: string; framework: string; url: string }

export function atlas(id: string, name?: string): Reference {
  const full = id.startsWith("AML.") ? id : `AML.${id}`;
  return {
    id: full,
    name: kAtlas[full] ?? name ?? "",
    framework: "MITRE ATLAS",
    url: `https://atlas.mitre.org/techniques/${encodeURIComponent(full)}`,
  };
}

export function owasp(id: string): Reference {
  const key = id.replace(/:.*$/, "");
  const agentic = key.startsWith("ASI");
  return {
    id: key,
    name: kOwasp[key] ?? "",
    framework: agentic ? "OWASP Agentic Top 10" : "OWASP LLM Top 10",
    url: "https://genai.owasp.org/",
  };
}

/** Kill-chain stages in order, as incidents name them. */
export const kStages = [
  "reconnaissance", "initial_access", "injection", "tool_use", "execution", "collection",
  "exfiltration", "impact",
] as const;

export const stageLabel: Record<string, string> = {
  reconnaissance: "Reconnaissance",
  initial_access: "Initial access",
  injection: "Injection",
  tool_use: "Tool use",
  execution: "Execution",
  collection: "Collection",
  exfiltration: "Exfiltration",
  impact: "Impact",
};
