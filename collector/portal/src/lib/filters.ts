// Filters of the alert list, kept in the address bar under the names the API uses.
import type { AlertEvent } from "../api/events";
import type { AlertSummary, IncidentSummary } from "../api/types";
import { periodStart } from "./time";

/** Filters that hold one or several values, comma-separated. */
export const kValueFilters = [
  "severity", "status", "alert", "zone", "host", "agent", "app", "provider", "model", "assignee", "incident",
] as const;
export type ValueFilter = (typeof kValueFilters)[number];

export const filterLabel: Record<ValueFilter, string> = {
  severity: "Severity",
  status: "Status",
  alert: "Alert",
  zone: "Zone",
  host: "Host",
  agent: "Agent",
  app: "Application",
  provider: "Provider",
  model: "Model",
  assignee: "Assignee",
  incident: "Incident",
};

export function values(query: URLSearchParams, name: string): string[] {
  return (query.get(name) ?? "").split(",").filter(Boolean);
}

/** Query of GET /api/v1/alerts; `period` becomes an absolute time. */
export function toApiQuery(query: URLSearchParams, now: number): Record<string, string | number> {
  const result: Record<string, string | number> = {};
  for (const name of [...kValueFilters, "q", "since", "until"]) {
    const value = query.get(name);
    if (value) result[name] = value;
  }
  const start = periodStart(query.get("period") ?? "", now);
  if (start !== null && result["since"] === undefined) result["since"] = start;
  return result;
}

function one(wanted: string[], actual: string): boolean {
  return wanted.length === 0 || wanted.includes(actual);
}

function matchesName(wanted: string[], name: string): boolean {
  return wanted.length === 0 ||
    wanted.some((entry) => entry === name || (entry.endsWith(".") && name.startsWith(entry)));
}

/**
 * Whether a live alert belongs to the list that is shown; null where only the collector can tell
 * (full-text search).
 */
export function matches(query: URLSearchParams, alert: AlertEvent): boolean | null {
  const fits =
    one(values(query, "severity"), alert.severity) && one(values(query, "status"), alert.status) &&
    matchesName(values(query, "alert"), alert.alert) && one(values(query, "zone"), alert.zone) &&
    one(values(query, "host"), alert.host) && one(values(query, "agent"), alert.agent_id) &&
    one(values(query, "app"), alert.application) && one(values(query, "provider"), alert.provider) &&
    one(values(query, "model"), alert.model) && one(values(query, "assignee"), alert.assignee ?? "") &&
    one(values(query, "incident"), alert.incident_uid ?? "") && inPeriod(query, alert.time);
  if (!fits) return false;
  return query.get("q") ? null : true;
}

function inPeriod(query: URLSearchParams, time: number): boolean {
  const since = query.get("since");
  const until = query.get("until");
  return (!since || time >= Number(since)) && (!until || time < Number(until));
}

/** Newest first; an alert that is already there is replaced. */
export function insert(list: AlertSummary[], alert: AlertSummary): AlertSummary[] {
  const others = list.filter((other) => other.uid !== alert.uid);
  const at = others.findIndex((other) => other.time <= alert.time);
  return at < 0 ? [...others, alert] : [...others.slice(0, at), alert, ...others.slice(at)];
}

/** Whether a live incident belongs to the list that is shown. */
export function incidentMatches(query: URLSearchParams, incident: IncidentSummary): boolean {
  const hosts = values(query, "host");
  return one(values(query, "severity"), incident.severity) && one(values(query, "status"), incident.status) &&
    one(values(query, "assignee"), incident.assignee ?? "") && inPeriod(query, incident.last_time) &&
    (hosts.length === 0 || incident.hosts.some((host) => hosts.includes(host)));
}
