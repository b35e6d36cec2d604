import type { Severity, Status } from "../api/types";
import { severityLabel, statusLabel } from "../lib/severity";
import { toZone, zoneHint, zoneLabel } from "../lib/zone";

export function SeverityBadge({ severity }: { severity: Severity }) {
  return (
    <span class={`badge sev-${severity}`}>
      <span class="dot" />
      {severityLabel[severity] ?? severity}
    </span>
  );
}

const kStatusTone: Record<Status, string> = { new: "", in_progress: "warn", resolved: "good", suppressed: "" };

export function StatusTag({ status }: { status: Status }) {
  return <span class={`tag ${kStatusTone[status] ?? ""}`}>{statusLabel[status] ?? status}</span>;
}

export function ZoneTag({ zone }: { zone: string }) {
  const known = toZone(zone);
  if (!known) return null;
  return <span class={`zone zone-${known}`} title={zoneHint[known]}>{zoneLabel[known]}</span>;
}
