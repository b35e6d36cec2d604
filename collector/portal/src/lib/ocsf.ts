// What the alert page needs of an OCSF Detection Finding (class 2004, profile ai_operation) with
// Sonde's own facts under `unmapped.sonde`.
import type { Json } from "../api/types";
import type { Evidence } from "./highlight";
import { array, at, firstText, number, object, text, type JsonObject } from "./json";
import { toZone, type Zone } from "./zone";

export interface Process { pid: string; name: string; exe: string; commandLine: string; user: string }

export interface Message {
  /** Index in the exchange, which evidence refers to. */
  index: number;
  role: string;
  zone: Zone | null;
  /** Name of the tool, if the message is a call or a result of one. */
  tool: string;
  text: string;
  /** Code points of the message that come before `text`. */
  offset: number;
}

export interface Technique { id: string; name: string; tactic: string }

export interface Finding {
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
  return {
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

function readEvidence(ocsf: Json, sonde: Json | undefined): Evidence {
  const own = at(sonde, "evidence");
  const data = at(array(at(ocsf, "evidences"))[0], "data");
  return {
    text: firstText(at(own, "text"), own, at(data, "text"), at(data, "segment"), data),
    start: number(at(own, "start")),
    end: number(at(own, "end")),
    messageIndex: number(at(own, "message_index")),
  };
}

function readMessages(sonde: Json | undefined): Message[] {
  const context = at(sonde, "context");
  const list = Array.isArray(context) ? context : array(at(context, "messages"));
  return list.slice(0, kMaxMessages).map((message, position) => {
    const role = text(at(message, "role"));
    return {
      index: number(at(message, "index")) ?? number(at(message, "message_index")) ?? position,
      role,
      zone: toZone(text(at(message, "zone"))) ?? toZone(role),
      tool: firstText(at(message, "tool"), at(message, "tool_name"), at(message, "name")),
      text: messageText(message),
      offset: number(at(message, "offset")) ?? number(at(message, "start")) ?? 0,
    };
  });
}

function messageText(message: Json): string {
  const whole = firstText(at(message, "text"), at(message, "content"));
  if (whole) return whole;
  const parts = array(at(message, "parts") ?? at(message, "content"));
  return parts.map(partText).filter(Boolean).join("\n");
}

function partText(part: Json): string {
  const plain = firstText(part, at(part, "content"), at(part, "text"), at(part, "result"));
  if (plain) return plain;
  const tool = text(at(part, "name"));
  const detail = at(part, "arguments") ?? at(part, "result");
  if (detail === undefined) return tool;
  return `${tool}${tool ? " " : ""}${JSON.stringify(detail)}`;
}
