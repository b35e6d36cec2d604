// The shapes of collector/api/openapi.yaml. Times are milliseconds since 1970, UTC.

export type Severity =
  | "unknown" | "informational" | "low" | "medium" | "high" | "critical" | "fatal";
export type Status = "new" | "in_progress" | "resolved" | "suppressed";
export type Classification = "true_positive" | "false_positive" | "benign" | null;
export type Role = "viewer" | "analyst" | "admin" | "agent";
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** RFC 9457. */
export interface Problem { type?: string; title: string; status: number; detail?: string }

export interface Page<T> { items: T[]; next_cursor: string | null }
/** A search that stopped before its page was full says how far back it has looked. */
export interface SearchPage<T> extends Page<T> { searched_back_to: number | null }

export interface Me { username: string; role: Role; csrf_token?: string; expires_at?: number; must_change_password?: boolean }

export interface LoginOptions { password: boolean; oidc?: { label: string } }

export interface Comment { id: number; author: string; time: number; text: string }

export interface WorkPatch {
  status?: Status;
  assignee?: string | null;
  classification?: Classification;
}

export interface AlertSummary {
  uid: string;
  time: number;
  received_at: number;
  alert: string;
  title: string;
  severity: Severity;
  status: Status;
  classification: Classification;
  assignee: string | null;
  host: string;
  agent_id: string;
  application: string;
  provider: string;
  model: string;
  zone: string;
  /** 0 to 1. */
  score: number;
  evidence_preview: string;
  incident_uid: string | null;
}

export interface AlertDetail extends AlertSummary {
  /** OCSF Detection Finding as the agent sent it: hostile, read it through lib/ocsf.ts. */
  ocsf: Json;
  comments: Comment[];
}

export interface IncidentSummary {
  uid: string;
  title: string;
  severity: Severity;
  status: Status;
  classification: Classification;
  assignee: string | null;
  first_time: number;
  last_time: number;
  alert_count: number;
  alerts_by_type: Record<string, number>;
  hosts: string[];
  applications: string[];
  stage: string;
}

export interface Entity { type: string; value: string }

export interface IncidentAlert extends AlertSummary {
  stage: string;
  joined_by: {
    rule: "first" | "entity" | "chain" | "merged" | "split";
    entity?: Entity;
    alert_uid?: string;
    text: string;
  };
}

export type StepKind = "prompt" | "finding" | "tool_call" | "process" | "connection" | "answer";

export interface TimelineStep {
  time: number;
  kind: StepKind;
  stage: string;
  text: string;
  alert_uid?: string;
}

export interface GraphNode { id: string; kind: string; label: string; severity?: Severity }
export interface GraphEdge { from: string; to: string; label: string }

export interface IncidentDetail extends IncidentSummary {
  /** By its alerts, where a person chose another. */
  severity_of_alerts?: Severity;
  alerts: IncidentAlert[];
  timeline: TimelineStep[];
  entities: (Entity & { alert_count: number })[];
  graph: { nodes: GraphNode[]; edges: GraphEdge[] };
  comments: Comment[];
  remediation: string[];
}

export interface SuppressionInput {
  alert?: string;
  host?: string;
  application?: string;
  entity_type?: string;
  entity_value?: string;
  reason: string;
  days?: number;
}

export interface Suppression extends SuppressionInput {
  id: number;
  author: string;
  created_at: number;
  expires_at: number | null;
  matched: number;
}

export interface Count { key: string; count: number }

export interface Overview {
  since: number;
  until: number;
  total: number;
  open_incidents: number;
  agents: { healthy: number; stale: number };
  by_severity: Count[];
  by_alert: Count[];
  by_status: Count[];
  top_applications: Count[];
  top_models: Count[];
  top_hosts: Count[];
  bucket_ms: number;
  buckets: { time: number; by_severity: Partial<Record<Severity, number>> }[];
}

export type AgentStatus = "healthy" | "stale" | "revoked" | "enrolled";

export interface Agent {
  agent_id: string;
  hostname: string;
  version: string;
  kernel?: string;
  status: AgentStatus;
  started_at: number;
  last_seen: number;
  covered: number;
  not_covered: number;
  policy_group?: string;
  policy_version?: number;
  policy_refused?: number;
  policy_trouble?: string;
}

export interface Policy {
  version: number;
  group: string;
  comment: string;
  author: string;
  created_at: number;
  percent: number;
  agents: string[];
}

export interface PolicyState {
  agent_id: string;
  hostname: string;
  last_seen: number;
  rolled_out: boolean;
  version: number;
  refused_because?: string;
}

export interface PolicyDetail extends Policy {
  document: string;
  state: PolicyState[];
}

export interface PolicyProblem { line: number; column: number; message: string }

export interface CoverageInput {
  pid?: number;
  exe?: string;
  stack?: string;
  version?: string;
  located_by?: string;
  covered?: boolean;
  reason?: string;
}

export interface AgentDetail extends Agent {
  counters: Record<string, number>;
  coverage: CoverageInput[];
}

export interface CoverageEntry extends CoverageInput {
  agent_id: string;
  host: string;
  last_seen?: number;
}

export type InventoryKind = "application" | "provider" | "model" | "tool" | "mcp_server" | "key";

export interface InventoryEntry {
  kind: InventoryKind;
  name: string;
  host: string;
  agent_id: string;
  first_seen: number;
  last_seen: number;
  exchanges: number;
  input_tokens: number;
  output_tokens: number;
}

export interface User { username: string; role: Role; created_at?: number }

export interface ExportState {
  name: string;
  sent: number;
  refused: number;
  waiting: number;
  last_sent: number | null;
  trouble: string;
}

export interface Enrolment { agent_id: string; token: string; expires_at: number }

export interface Token {
  id: number;
  name: string;
  role: Role;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

export interface AuditEntry {
  id: number;
  time: number;
  actor: string;
  action: string;
  object: string;
  detail: string;
  source: string;
}
