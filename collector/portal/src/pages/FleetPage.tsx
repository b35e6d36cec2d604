import { useState } from "preact/hooks";

import { listAgents } from "../api/resources";
import type { Agent, AgentStatus } from "../api/types";
import { useLive, useNow, useQuery, useThrottled } from "../lib/hooks";
import { compareVersions } from "../lib/inventory";
import { useLocation } from "../lib/router";
import { useAllowed } from "../lib/session";
import { count } from "../lib/text";
import { span } from "../lib/time";
import { EnrolDialog } from "../ui/EnrolDialog";
import { SearchField } from "../ui/Filters";
import { Page } from "../ui/Page";
import { Safe } from "../ui/Safe";
import { Empty, Show } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Time } from "../ui/Time";

const kTone: Record<AgentStatus, string> = { healthy: "good", stale: "bad", revoked: "", enrolled: "warn" };
export const agentStatusLabel: Record<AgentStatus, string> = {
  healthy: "Healthy", stale: "Not reporting", revoked: "Revoked", enrolled: "Enrolled, not seen yet",
};

export function AgentStatusTag({ status }: { status: AgentStatus }) {
  return <span class={`tag ${kTone[status] ?? ""}`}><span class="dot" />{agentStatusLabel[status] ?? status}</span>;
}

const kOrder: AgentStatus[] = ["stale", "enrolled", "healthy", "revoked"];

function columns(newest: string, now: number): Column<Agent>[] {
  return [
    { head: "Host", cell: (row) => <a href={`/fleet/${encodeURIComponent(row.agent_id)}`} data-row><strong><Safe text={row.hostname || row.agent_id} /></strong></a> },
    { head: "State", cell: (row) => <AgentStatusTag status={row.status} /> },
    { head: "Last heartbeat", cell: (row) => (row.last_seen ? <Time at={row.last_seen} /> : "never") },
    { head: "Heard", number: true, cell: (row) => row.covered },
    { head: "Not heard", number: true, cell: (row) => (row.not_covered ? <a href={`/coverage?${new URLSearchParams({ host: row.hostname })}`}>{row.not_covered}</a> : 0) },
    { head: "Version", cell: (row) => <>{row.version}{compareVersions(row.version, newest) < 0 ? <span class="tag warn old-version">older</span> : null}</> },
    { head: "Kernel", cell: (row) => <Safe text={row.kernel ?? ""} /> },
    { head: "Up", number: true, cell: (row) => (row.started_at ? span(now - row.started_at) : "") },
  ];
}

// Each sensor tells of itself every minute; there may be thousands.
const kReloadMs = 2000;

export function FleetPage() {
  const { query } = useLocation();
  const now = useNow();
  const list = useQuery("agents", listAgents);
  const reload = useThrottled(list.reload, kReloadMs);
  useLive({ agentUpdated: reload, gap: reload });
  const admin = useAllowed("admin");
  const [enrolling, setEnrolling] = useState(false);
  const words = (query.get("q") ?? "").toLowerCase();
  return (
    <Page title="Fleet" lead="Sensors that report to this collector, those that need attention first.">
      <div class="filters">
        <SearchField query={query} label="Filter by host, version or state" />
        {admin ? <button type="button" class="button primary push" onClick={() => setEnrolling(true)}>Enrol a sensor</button> : null}
      </div>
      {enrolling ? <EnrolDialog onClose={() => { setEnrolling(false); list.reload(); }} /> : null}
      <Show result={list.result} retry={list.reload}>
        {(data) => {
          const newest = data.items.map((agent) => agent.version).sort(compareVersions).at(-1) ?? "";
          const agents = data.items
            .filter((agent) => `${agent.hostname} ${agent.agent_id} ${agent.version} ${agent.status}`.toLowerCase().includes(words))
            .sort((a, b) => kOrder.indexOf(a.status) - kOrder.indexOf(b.status) || b.not_covered - a.not_covered || a.hostname.localeCompare(b.hostname));
          if (!agents.length) {
            return <div class="card"><Empty icon="fleet" title={words ? "No sensor matches" : "No sensors yet"}><p>Enrol one with a token from <code>sonde-collector agent enrol</code>.</p></Empty></div>;
          }
          return (
            <section class="card">
              <header><span class="muted small">{count(agents.length, "sensor")}</span></header>
              <Table label="Sensors" columns={columns(newest, now)} rows={agents} rowKey={(row) => row.agent_id} />
            </section>
          );
        }}
      </Show>
    </Page>
  );
}
