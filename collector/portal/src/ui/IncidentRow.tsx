import type { IncidentSummary } from "../api/types";
import { describe } from "../lib/catalogue";
import { stageLabel } from "../lib/taxonomy";
import { count } from "../lib/text";
import { SeverityBadge, StatusTag } from "./Badge";
import { Safe } from "./Safe";
import { Time } from "./Time";

export function IncidentListHead() {
  return (
    <div class="list-head incidents-grid" aria-hidden="true">
      <span>Severity</span><span>Incident</span><span>Applications, hosts</span><span>Got as far as</span><span>Status</span><span class="number">Last activity</span>
    </div>
  );
}

function kinds(incident: IncidentSummary): string {
  return Object.keys(incident.alerts_by_type).map((name) => describe(name).label).join(", ");
}

export function IncidentRow({ incident, fresh = false }: { incident: IncidentSummary; fresh?: boolean }) {
  return (
    <a class={`list-row incidents-grid stripe-${incident.severity} ${fresh ? "fresh" : ""} ${incident.status === "resolved" ? "done" : ""}`}
      href={`/incidents/${encodeURIComponent(incident.uid)}`} data-row>
      <SeverityBadge severity={incident.severity} />
      <span class="what">
        <strong class="truncate"><Safe text={incident.title} /></strong>
        <span class="preview"><span class="nowrap">{count(incident.alert_count, "alert")}</span><span class="truncate muted">{kinds(incident)}</span></span>
      </span>
      <span class="cell where"><Safe text={incident.applications.join(", ")} /><span class="muted"><Safe text={incident.hosts.join(", ")} /></span></span>
      <span class="cell model">{stageLabel[incident.stage] ?? incident.stage}</span>
      <span class="cell status-cell"><StatusTag status={incident.status} />{incident.assignee ? <span class="muted">{incident.assignee}</span> : null}</span>
      <span class="cell time-cell number"><Time at={incident.last_time} /></span>
    </a>
  );
}
