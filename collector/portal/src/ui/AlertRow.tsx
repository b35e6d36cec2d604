import type { AlertSummary } from "../api/types";
import { SeverityBadge, StatusTag, ZoneTag } from "./Badge";
import { Safe } from "./Safe";
import { Time } from "./Time";

export function AlertListHead() {
  return (
    <div class="list-head alerts-grid" aria-hidden="true">
      <span>Severity</span><span>Alert and evidence</span><span>Application, host</span><span>Model</span><span>Status</span><span class="number">Time</span>
    </div>
  );
}

export function AlertRow({ alert, fresh = false }: { alert: AlertSummary; fresh?: boolean }) {
  const done = alert.status === "resolved" || alert.status === "suppressed";
  return (
    <a class={`list-row alerts-grid stripe-${alert.severity} ${fresh ? "fresh" : ""} ${done ? "done" : ""}`}
      href={`/alerts/${encodeURIComponent(alert.uid)}`} data-row>
      <SeverityBadge severity={alert.severity} />
      <span class="what">
        <strong class="truncate"><Safe text={alert.title} /></strong>
        <span class="preview">
          <ZoneTag zone={alert.zone} />
          <span class="quote truncate"><Safe text={alert.evidence_preview.replace(/\s+/g, " ")} /></span>
        </span>
      </span>
      <span class="cell where"><Safe text={alert.application} /><span class="muted"><Safe text={alert.host} /></span></span>
      <span class="cell model"><Safe text={alert.model} /><span class="muted"><Safe text={alert.provider} /></span></span>
      <span class="cell status-cell"><StatusTag status={alert.status} />{alert.assignee ? <span class="muted">{alert.assignee}</span> : null}</span>
      <span class="cell time-cell number"><Time at={alert.time} /></span>
    </a>
  );
}
