// What the alert page needs of an OCSF Detection Finding (class 2004, profile ai_operation) with
// Sonde's own facts under `unmapped.sonde`.
import type { Json } from "../api/types";
import type { Span } from "./highlight";
import { array, at, firstText, number, object, text, type JsonObject } from "./json";
import { toZone, type Zone } from "./zone";

export interface Process { pid: string; name: string; exe: string; commandLine: string; user: string }

/** One text of the conversation around the finding, as the agent's evidence level lets it leave the host. */
export interface Message {
  zone: Zone | null;
  /** "message", "tool_call", "tool_result", "instructions", "tool_definition" or "reasoning". */
  kind: string;
  /** Name of the tool that is called, answers or is defined. */
  tool: string;
  /** Masked and cut; empty where it stays on the host. */
  text: string;
  /** Code points of the whole text on the host. */
  length: number;
  highlight: Span | null;
  /** The finding itself. */
  suspicious: boolean;
  /** What led to it. */
  cause: boolean;
}

export interface Evidence { text: string; highlight: Span | null }

export interface Technique { id: string; name: string; tactic: string }

export interface Finding {
  /** Milliseconds by the host's clock; null where it says none. */
  time: number | null;
  /** From the process itself to its oldest known ancestor. */
  processes: Process[];
  container: { id: string; name: string; image: string };
  pod: { namespace: string; name: string; container: string; node: string };
  endpoint: { host: string; address: string; path: string; foundBy: string };
  endUser: string;
  sourceAddress: string;
  conversation: string;
  detector: string;
  subtype: string;
  rule: string;
  tool: string;
  /** Detector's own facts: types of secrets, decoded text, hosts. */
  data: JsonObject;
  techniques: Technique[];
  owasp: string[];
  remediation: string;
  evidence: Evidence;
  messages: Message[];
  capture: { tls: string; locatedBy: string; lostBytes: number; joinedLate: boolean };
}

const kMaxAncestors = 16;
const kMaxMessages = 500;

/** What an alert is about, most telling first: what a suppression can be limited to. */
const kValueTypes = ["secret", "url", "domain", "tool", "api_key"];

export interface EntityValue { type: string; value: string }

export function suspectValue(ocsf: Json): EntityValue | null {
  const entities = array(at(ocsf, "unmapped", "sonde", "entities"))
    .map((entity) => ({ type: text(at(entity, "type")), value: text(at(entity, "value")) }))
    .filter((entity) => entity.value);
  for (const type of kValueTypes) {
    const found = entities.find((entity) => entity.type === type);
    if (found) return found;
  }
  return null;
}

export function readFinding(ocsf: Json): Finding {
  const sonde = at(ocsf, "unmapped", "sonde");
  const time = at(ocsf, "time");
  return {
    time: typeof time === "number" ? time : null,
    processes: readProcesses(ocsf),
    container: readContainer(ocsf, sonde),
    pod: readPod(ocsf, sonde),
    endpoint: readEndpoint(ocsf, sonde),
    endUser: firstText(at(sonde, "end_user_id"), at(sonde, "user_context", "end_user_id"), at(ocsf, "actor", "user", "uid")),
    sourceAddress: firstText(at(sonde, "source_ip"), at(sonde, "user_context", "source_ip"), at(ocsf, "src_endpoint", "ip")),
    conversation: firstText(at(sonde, "conversation_id"), at(sonde, "gen_ai.conversation.id")),
    detector: firstText(at(sonde, "detector"), at(ocsf, "finding_info", "analytic", "name")),
    subtype: text(at(sonde, "subtype")),
    rule: firstText(at(sonde, "rule"), at(ocsf, "finding_info", "analytic", "uid")),
    tool: firstText(at(sonde, "tool"), at(sonde, "data", "tool"), at(sonde, "data", "tool_name")),
    data: object(at(sonde, "data")),
    techniques: readTechniques(ocsf, sonde),
    owasp: array(at(sonde, "owasp")).map(text).filter(Boolean),
    remediation: text(at(ocsf, "remediation", "desc")),
    evidence: readEvidence(ocsf, sonde),
    messages: readMessages(sonde),
    capture: {
      tls: text(at(sonde, "capture", "tls")),
      locatedBy: text(at(sonde, "capture", "located_by")),
      lostBytes: number(at(sonde, "capture", "lost_bytes")) ?? 0,
      joinedLate: at(sonde, "capture", "joined_late") === true,
    },
  };
}

function readProcess(process: Json | undefined): Process {
  const exe = firstText(at(process, "file", "path"), at(process, "exe"), at(process, "path"));
  const commandLine = at(process, "cmd_line") ?? at(process, "cmdline");
  return {
    pid: text(at(process, "pid")),
    name: firstText(at(process, "name"), at(process, "file", "name"), exe.slice(exe.lastIndexOf("/") + 1)),
    exe,
    commandLine: Array.isArray(commandLine) ? commandLine.map(text).join(" ") : text(commandLine),
    user: firstText(at(process, "user", "name"), at(process, "user", "uid"), at(process, "uid")),
  };
}

function readProcesses(ocsf: Json): Process[] {
  const processes: Process[] = [];
  let current = at(ocsf, "actor", "process");
  while (processes.length < kMaxAncestors && Object.keys(object(current)).length) {
    processes.push(readProcess(current));
    current = at(current, "parent_process");
  }
  if (processes.length <= 1) {
    const parents = at(ocsf, "unmapped", "sonde", "process", "parents") ?? at(ocsf, "unmapped", "sonde", "parents");
    for (const parent of array(parents).slice(0, kMaxAncestors)) processes.push(readProcess(parent));
  }
  return processes.filter((process) => process.pid || process.exe || process.name);
}

function readContainer(ocsf: Json, sonde: Json | undefined): Finding["container"] {
  const container = at(ocsf, "container") ?? at(ocsf, "actor", "process", "container") ?? at(sonde, "container");
  return {
    id: firstText(at(container, "uid"), at(container, "id")),
    name: text(at(container, "name")),
    image: firstText(at(container, "image", "name"), at(container, "image", "uid"), at(container, "image")),
  };
}

function readPod(ocsf: Json, sonde: Json | undefined): Finding["pod"] {
  const k8s = at(sonde, "k8s");
  return {
    namespace: firstText(at(k8s, "namespace"), at(ocsf, "container", "namespace")),
    name: firstText(at(k8s, "pod"), at(ocsf, "container", "pod_name"), at(ocsf, "container", "pod_uuid")),
    container: text(at(k8s, "container")),
    node: text(at(k8s, "node")),
  };
}

function readEndpoint(ocsf: Json, sonde: Json | undefined): Finding["endpoint"] {
  const endpoint = at(ocsf, "dst_endpoint") ?? at(array(at(ocsf, "evidences"))[0], "dst_endpoint");
  const address = text(at(endpoint, "ip"));
  const port = text(at(endpoint, "port"));
  return {
    host: firstText(at(endpoint, "hostname"), at(sonde, "network", "host"), at(sonde, "host")),
    address: address ? address + (port ? `:${port}` : "") : text(at(sonde, "network", "peer")),
    path: firstText(at(sonde, "http", "path"), at(ocsf, "http_request", "url", "path")),
    foundBy: text(at(sonde, "network", "found_by")),
  };
}

function readTechniques(ocsf: Json, sonde: Json | undefined): Technique[] {
  const found = new Map<string, Technique>();
  const attacks = [...array(at(ocsf, "finding_info", "attacks")), ...array(at(ocsf, "attacks"))];
  for (const attack of attacks) {
    const technique = at(attack, "sub_technique") ?? at(attack, "technique");
    const id = firstText(at(technique, "uid"), at(attack, "technique", "uid"));
    const tactic = firstText(at(attack, "tactic", "name"), at(array(at(attack, "tactics"))[0], "name"));
    if (id) found.set(id, { id, name: text(at(technique, "name")), tactic });
  }
  for (const entry of array(at(sonde, "atlas"))) {
    const id = text(entry);
    if (id && !found.has(id)) found.set(id, { id, name: "", tactic: "" });
  }
  return [...found.values()].slice(0, 20);
}

function readSpan(span: Json | undefined): Span | null {
  const start = number(at(span, "start"));
  const end = number(at(span, "end"));
  return start !== null && end !== null && start >= 0 && end > start ? { start, end } : null;
}

function readEvidence(ocsf: Json, sonde: Json | undefined): Evidence {
  const own = at(sonde, "evidence");
  return {
    text: firstText(at(own, "text"), at(array(at(ocsf, "evidences"))[0], "data", "text")),
    highlight: readSpan(at(own, "highlight")),
  };
}

function readMessages(sonde: Json | undefined): Message[] {
  return array(at(sonde, "conversation")).slice(0, kMaxMessages).map((message) => ({
    zone: toZone(text(at(message, "zone"))),
    kind: text(at(message, "kind")),
    tool: text(at(message, "tool")),
    text: text(at(message, "text")),
    length: number(at(message, "length")) ?? 0,
    highlight: readSpan(at(message, "highlight")),
    suspicious: at(message, "suspicious") === true,
    cause: at(message, "cause") === true,
  }));
}
