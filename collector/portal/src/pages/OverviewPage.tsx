import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

import { listAlerts, listIncidents, overview as loadOverview } from "../api/resources";
import type { AlertSummary, IncidentSummary, Overview } from "../api/types";
import { describe } from "../lib/catalogue";
import { useLive, useQuery } from "../lib/hooks";
import { useLocation } from "../lib/router";
import { byUrgency, kCommonSeverities, severityLabel } from "../lib/severity";
import { formatCompact } from "../lib/text";
import { periodStart } from "../lib/time";
import { AlertRow } from "../ui/AlertRow";
import { BarList } from "../ui/BarList";
import { PeriodSelect } from "../ui/Filters";
import { IncidentRow } from "../ui/IncidentRow";
import { Page } from "../ui/Page";
import { SeverityChart } from "../ui/SeverityChart";
import { Empty, Show } from "../ui/States";

interface Data { overview: Overview; incidents: IncidentSummary[] | null; urgent: AlertSummary[] }

/** Incidents are null where they cannot be had; the rest of the page does not wait for them. */
async function load(since: number | null, signal: AbortSignal): Promise<Data> {
  const [overview, incidents, urgent] = await Promise.all([
    loadOverview({ since }, signal),
    listIncidents({ status: "new,in_progress", limit: 100 }, signal).then((page) => page.items.sort(byUrgency).slice(0, 5), () => null),
    listAlerts({ status: "new", severity: "critical,high", limit: 20 }, signal),
  ]);
  return { overview, incidents, urgent: urgent.items };
}

/** Reloads at most every two seconds however many events come. */
function useGentleReload(reload: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      reload();
    }, 2000);
  };
}

export function OverviewPage() {
  const { query } = useLocation();
  const period = query.get("period") ?? "24h";
  const data = useQuery(`overview/${period}`, (signal) => load(periodStart(period, Date.now()), signal));
  const soon = useGentleReload(data.reload);
  useLive({ alertCreated: soon, alertUpdated: soon, incidentCreated: soon, incidentUpdated: soon, agentUpdated: soon, gap: soon, opened: soon });
  return (
    <Page title="Overview" tools={<PeriodSelect query={query} fallback="24h" />}>
      <Show result={data.result} retry={data.reload}>
        {(loaded) => <OverviewView {...loaded} period={period} />}
      </Show>
    </Page>
  );
}

/** `most`: the collector counts no further. */
function Stat({ label, href, value, most, alarm = false, children }: {
  label: string; href: string; value: number; most?: number; alarm?: boolean; children?: ComponentChildren;
}) {
  return (
    <a class="card stat" href={href}>
      <span class="secondary small">{label}</span>
      <span class={`figure ${alarm ? "alarm" : ""}`}>{formatCompact(value)}{value === most ? "+" : ""}</span>
      <span class="muted small">{children}</span>
    </a>
  );
}

function Section({ title, href, link, children }: { title: string; href?: string; link?: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <header><h2>{title}</h2>{href ? <a class="end small" href={href}>{link}</a> : null}</header>
      <div class="body">{children}</div>
    </section>
  );
}

const amount = (overview: Overview, list: "by_severity" | "by_status", key: string) =>
  overview[list].find((entry) => entry.key === key)?.count ?? 0;

function unassigned(incidents: IncidentSummary[] | null): string {
  if (!incidents?.length) return "none waiting";
  const count = incidents.filter((incident) => !incident.assignee).length;
  return count ? `${count} of those below not assigned` : "those below are assigned";
}

function sensors({ healthy, stale }: Overview["agents"]): string {
  if (stale) return `${stale} not reporting`;
  return healthy ? "all reporting" : "none enrolled yet";
}

function OverviewView({ overview, incidents, urgent, period }: Data & { period: string }) {
  const urgentCount = amount(overview, "by_severity", "critical") + amount(overview, "by_severity", "high");
  const scope = `period=${period}`;
  const to = (name: string) => (key: string) => `/alerts?${new URLSearchParams({ [name]: key })}&${scope}`;
  return (
    <>
      <div class="grid-4">
        <Stat label="Open incidents" href="/incidents?status=new,in_progress" value={overview.open_incidents} most={10_000} alarm={(incidents ?? []).some((incident) => incident.severity === "critical")}>
          {unassigned(incidents)}
        </Stat>
        <Stat label="New alerts" href={`/alerts?status=new&${scope}`} value={amount(overview, "by_status", "new")}>of {formatCompact(overview.total)} in this period</Stat>
        <Stat label="Critical and high" href={`/alerts?severity=critical,high&${scope}`} value={urgentCount} alarm={amount(overview, "by_severity", "critical") > 0}>
          {amount(overview, "by_severity", "critical")} critical
        </Stat>
        <Stat label="Sensors" href="/fleet" value={overview.agents.healthy}>
          {sensors(overview.agents)}
        </Stat>
      </div>
      <Urgent incidents={incidents} urgent={urgent} />
      <section class="card">
        <header><h2>Alerts over time</h2><ChartLegend overview={overview} scope={scope} /></header>
        <div class="body"><SeverityChart overview={overview} /></div>
      </section>
      <div class="grid-3">
        <Section title="Types"><BarList items={overview.by_alert.slice(0, 8)} link={to("alert")} label={(key) => describe(key).label} empty="No alerts in this period." /></Section>
        <Section title="Applications"><BarList items={overview.top_applications.slice(0, 8)} link={to("app")} empty="No alerts in this period." /></Section>
        <Section title="Models"><BarList items={overview.top_models.slice(0, 8)} link={to("model")} empty="No alerts in this period." /></Section>
      </div>
    </>
  );
}

function Urgent({ incidents, urgent }: { incidents: IncidentSummary[] | null; urgent: AlertSummary[] }) {
  const loose = urgent.filter((alert) => !alert.incident_uid).sort(byUrgency);
  return (
    <div class="stack">
      <section class="card list" aria-label="Open incidents">
        <header class="list-title"><h2>Open incidents</h2><a class="end small" href="/incidents?status=new,in_progress">All open incidents</a></header>
        {incidents === null ? <p class="pad-all muted">Incidents cannot be loaded now.</p> : incidents.length
          ? <ul>{incidents.map((incident) => <li key={incident.uid}><IncidentRow incident={incident} /></li>)}</ul>
          : <Empty icon="check" title="No open incidents"><p>Nothing waits for you here.</p></Empty>}
      </section>
      {loose.length ? (
        <section class="card list" aria-label="New critical and high alerts">
          <header class="list-title"><h2>New critical and high alerts, not part of an incident</h2><a class="end small" href="/alerts?status=new&severity=critical,high">All of them</a></header>
          <ul>{loose.slice(0, 3).map((alert) => <li key={alert.uid}><AlertRow alert={alert} /></li>)}</ul>
        </section>
      ) : null}
    </div>
  );
}

function ChartLegend({ overview, scope }: { overview: Overview; scope: string }) {
  return (
    <ul class="legend end">
      {kCommonSeverities.map((severity) => (
        <li key={severity}>
          <a class="legend-link" href={`/alerts?severity=${severity}&${scope}`}>
            <span class={`swatch fill-${severity}`} />{severityLabel[severity]} <strong>{formatCompact(amount(overview, "by_severity", severity))}</strong>
          </a>
        </li>
      ))}
    </ul>
  );
}
