// Trust zones of a text (who could have written it).

export type Zone = "system" | "developer" | "user" | "assistant" | "tool";

const kZones: readonly string[] = ["system", "developer", "user", "assistant", "tool"];

const kRoles: Record<string, Zone> = {
  model: "assistant",
  ai: "assistant",
  function: "tool",
  ipython: "tool",
  human: "user",
  chatbot: "assistant",
};

export function toZone(text: string): Zone | null {
  if (kZones.includes(text)) return text as Zone;
  return kRoles[text] ?? null;
}

export const zoneLabel: Record<Zone, string> = {
  system: "System",
  developer: "Developer",
  user: "User",
  assistant: "Assistant",
  tool: "Tool result",
};

export const zoneHint: Record<Zone, string> = {
  system: "Instructions of the application's owner",
  developer: "Instructions of the application's developer",
  user: "Typed by the end user",
  assistant: "Written by the model",
  tool: "Untrusted: tool results, documents and web pages",
};
