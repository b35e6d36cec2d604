// One function per operation of the API that the portal uses.
import { request, withQuery, type QueryValue } from "./client";
import type {
  Agent, AgentDetail, AlertDetail, AlertSummary, AuditEntry, Comment, CoverageEntry, Enrolment, ExportState, IncidentDetail,
  IncidentSummary, InventoryEntry, InventoryKind, LoginOptions, Me, Overview, Page, Policy, PolicyDetail, PolicyProblem, Role, SearchPage, Severity, Suppression,
  SuppressionInput, Token, User, WorkPatch,
} from "./types";

type Items<T> = { items: T[] };
type Query = Record<string, QueryValue>;

const id = encodeURIComponent;

export const login = (username: string, password: string) =>
  request<Me>("/api/v1/sessions", { method: "POST", body: { username, password }, anonymous: true });
export const logout = () => request<void>("/api/v1/sessions/current", { method: "DELETE" });
export const loginOptions = () => request<LoginOptions>("/api/v1/login", { anonymous: true });
export const oidcLoginUrl = "/api/v1/sessions/oidc";
export const changePassword = (current: string, password: string) =>
  request<Me>("/api/v1/me/password", { method: "POST", body: { current, password } });
export const me = () => request<Me>("/api/v1/me", { anonymous: true });

export const listAlerts = (query: Query, signal?: AbortSignal) =>
  request<SearchPage<AlertSummary>>(withQuery("/api/v1/alerts", query), signal ? { signal } : {});
export const alertsCsvUrl = (query: Query) => withQuery("/api/v1/alerts.csv", query);
export const getAlert = (uid: string, signal?: AbortSignal) =>
  request<AlertDetail>(`/api/v1/alerts/${id(uid)}`, signal ? { signal } : {});
export const patchAlert = (uid: string, patch: WorkPatch) =>
  request<AlertSummary>(`/api/v1/alerts/${id(uid)}`, { method: "PATCH", body: patch });
export const commentAlert = (uid: string, text: string) =>
  request<Comment>(`/api/v1/alerts/${id(uid)}/comments`, { method: "POST", body: { text } });

export const listIncidents = (query: Query, signal?: AbortSignal) =>
  request<Page<IncidentSummary>>(withQuery("/api/v1/incidents", query), signal ? { signal } : {});
export const getIncident = (uid: string, signal?: AbortSignal) =>
  request<IncidentDetail>(`/api/v1/incidents/${id(uid)}`, signal ? { signal } : {});
export const patchIncident = (
  uid: string,
  patch: WorkPatch & { severity?: Severity; title?: string },
) => request<IncidentSummary>(`/api/v1/incidents/${id(uid)}`, { method: "PATCH", body: patch });
export const commentIncident = (uid: string, text: string) =>
  request<Comment>(`/api/v1/incidents/${id(uid)}/comments`, { method: "POST", body: { text } });
export const mergeIncidents = (uid: string, from: string[]) =>
  request<IncidentSummary>(`/api/v1/incidents/${id(uid)}/merge`, { method: "POST", body: { from } });
export const splitIncident = (uid: string, alerts: string[]) =>
  request<IncidentSummary>(`/api/v1/incidents/${id(uid)}/split`, { method: "POST", body: { alerts } });

export const listSuppressions = () => request<Items<Suppression>>("/api/v1/suppressions");
export const addSuppression = (input: SuppressionInput) =>
  request<Suppression>("/api/v1/suppressions", { method: "POST", body: input });
export const removeSuppression = (suppression: number) =>
  request<void>(`/api/v1/suppressions/${suppression}`, { method: "DELETE" });

export const overview = (query: Query, signal?: AbortSignal) =>
  request<Overview>(withQuery("/api/v1/stats/overview", query), signal ? { signal } : {});

export const listAgents = () => request<Items<Agent>>("/api/v1/agents");
export const getAgent = (agent: string) => request<AgentDetail>(`/api/v1/agents/${id(agent)}`);
export const revokeAgent = (agent: string) =>
  request<void>(`/api/v1/agents/${id(agent)}`, { method: "DELETE" });
export const coverage = (query: Query) =>
  request<Items<CoverageEntry>>(withQuery("/api/v1/coverage", query));
export const inventory = (kind: InventoryKind) =>
  request<Items<InventoryEntry>>(withQuery("/api/v1/inventory", { kind, limit: 500 }));

export const inviteAgent = (agent: string) =>
  request<Enrolment>(`/api/v1/agents/${id(agent)}/enrolment`, { method: "POST" });

export const setPolicyGroup = (agent: string, group: string) =>
  request<AgentDetail>(`/api/v1/agents/${id(agent)}`, { method: "PATCH", body: { policy_group: group } });

export const listPolicies = () => request<Items<Policy> & { enabled: boolean }>("/api/v1/policies");
export const getPolicy = (version: string | number) => request<PolicyDetail>(`/api/v1/policies/${version}`);
export const checkPolicy = (document: string) =>
  request<{ problems: PolicyProblem[] }>("/api/v1/policies/check", { method: "POST", body: { document } });
export const addPolicy = (policy: { group: string; document: string; comment: string; percent: number; agents: string[] }) =>
  request<PolicyDetail>("/api/v1/policies", { method: "POST", body: policy });
export const rollOutPolicy = (version: number, percent: number, agents: string[]) =>
  request<PolicyDetail>(`/api/v1/policies/${version}`, { method: "PATCH", body: { percent, agents } });
export const rollBackPolicy = (version: number) =>
  request<PolicyDetail>(`/api/v1/policies/${version}/rollback`, { method: "POST" });

export const listExports = () => request<Items<ExportState>>("/api/v1/exports");
export const incidentExportUrl = (uid: string, format: "stix" | "ocsf") => `/api/v1/incidents/${id(uid)}/${format}`;

export const listUsers = () => request<Items<User>>("/api/v1/users");
export const createUser = (username: string, role: Role) =>
  request<User & { password: string }>("/api/v1/users", { method: "POST", body: { username, role } });
export const changeUser = (username: string, change: { role?: Role; reset_password?: true }) =>
  request<{ username: string; password?: string }>(`/api/v1/users/${id(username)}`, { method: "PATCH", body: change });
export const removeUser = (username: string) =>
  request<void>(`/api/v1/users/${id(username)}`, { method: "DELETE" });
export const listTokens = () => request<Items<Token>>("/api/v1/tokens");
export const createToken = (name: string, role: Role, days?: number) =>
  request<Token & { secret: string }>("/api/v1/tokens", {
    method: "POST",
    body: { name, role, ...(days ? { days } : {}) },
  });
export const revokeToken = (token: number) =>
  request<void>(`/api/v1/tokens/${token}`, { method: "DELETE" });
export const audit = (query: Query) =>
  request<Page<AuditEntry>>(withQuery("/api/v1/audit", query));
