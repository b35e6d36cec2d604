import { useState } from "preact/hooks";

import { getAgent, revokeAgent } from "../api/resources";
import type { AgentDetail, CoverageInput } from "../api/types";
import { useLive, useQuery, useTitle } from "../lib/hooks";
import { isLossCounter } from "../lib/inventory";
import { useAllowed } from "../lib/session";
import { formatNumber, visibleString } from "../lib/text";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Safe } from "../ui/Safe";
import { Show } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Time } from "../ui/Time";
import { AgentStatusTag } from "./FleetPage";

export function AgentPage({ parameters }: { parameters: Record<string, string> }) {
  const id = parameters["agent"] ?? "";
  const detail = useQuery(`agent/${id}`, () => getAgent(id));
  useLive({ agentUpdated: (agent) => { if (agent === id) detail.reload(); }, gap: detail.reload });
  useTitle(detail.result.data ? visibleString(detail.result.data.hostname) : "Sensor");
  return (
    <div class="page">
      <nav class="row small" aria-label="Position"><a href="/fleet">Fleet</a></nav>
      <Show result={detail.result} retry={detail.reload} heading="h1">{(agent) => <AgentView agent={agent} reload={detail.reload} />}</Show>
    </div>
  );
}

function AgentView({ agent, reload }: { agent: AgentDetail; reload: () => void }) {
  const admin = useAllowed("admin");
  const [revoking, setRevoking] = useState(false);
  return (
    <>
      <div class="page-head">
        <h1><Safe text={agent.hostname || agent.agent_id} /></h1>
        <AgentStatusTag status={agent.status} />
        <div class="tools">
          <a class="button" href={`/alerts?${new URLSearchParams({ agent: agent.agent_id })}`}>Alerts of this sensor</a>
          {admin && agent.status !== "revoked" ? <button type="button" class="button danger" onClick={() => setRevoking(true)}>Revoke</button> : null}
        </div>
      </div>
      <div class="two">
        <div class="stack">
          <Coverage entries={agent.coverage} />
        </div>
        <div class="stack rail">
          <section class="card">
            <header><h2>Sensor</h2></header>
            <div class="body">
              <dl class="facts">
                <dt>Id</dt><dd class="mono"><Safe text={agent.agent_id} /></dd>
                <dt>Version</dt><dd><Safe text={agent.version} /></dd>
                <dt>Kernel</dt><dd><Safe text={agent.kernel ?? "unknown"} /></dd>
                <dt>Started</dt><dd>{agent.started_at ? <Time at={agent.started_at} both /> : "unknown"}</dd>
                <dt>Heartbeat</dt><dd>{agent.last_seen ? <Time at={agent.last_seen} both /> : "never"}</dd>
              </dl>
            </div>
          </section>
          <Counters counters={agent.counters} />
        </div>
      </div>
      {revoking ? (
        <ConfirmDialog title="Revoke this sensor" action="Revoke" onClose={() => setRevoking(false)} run={async () => { await revokeAgent(agent.agent_id); reload(); }}>
          Its certificates and tokens are refused from now on. To let it report again it must be enrolled anew.
        </ConfirmDialog>
      ) : null}
    </>
  );
}

const kColumns: Column<CoverageInput>[] = [
  { head: "Process", cell: (row) => <><Safe text={row.exe ?? ""} /> <span class="muted nowrap">{row.pid ? `pid ${row.pid}` : ""}</span></> },
  { head: "TLS stack", cell: (row) => <Safe text={[row.stack, row.version].filter(Boolean).join(" ")} /> },
  { head: "Heard", cell: (row) => (row.covered
    ? <span class="tag good"><span class="dot" />yes{row.located_by ? `, by ${row.located_by}` : ""}</span>
    : <span class="not-heard"><span class="tag bad"><span class="dot" />no</span> <Safe text={row.reason ?? ""} /></span>) },
];

function Coverage({ entries }: { entries: CoverageInput[] }) {
  const sorted = [...entries].sort((a, b) => Number(a.covered ?? false) - Number(b.covered ?? false));
  return (
    <section class="card first">
      <header><h2>Processes with a TLS stack</h2></header>
      <div class="body flush">
        {sorted.length ? <Table label="Coverage" columns={kColumns} rows={sorted} rowKey={(row) => `${row.pid}/${row.exe}/${row.stack}`} /> : <p class="muted pad">None reported.</p>}
      </div>
    </section>
  );
}

function Counters({ counters }: { counters: Record<string, number> }) {
  const all = Object.entries(counters);
  const losses = all.filter(([name, value]) => isLossCounter(name) && value > 0);
  const others = all.filter(([name, value]) => !(isLossCounter(name) && value > 0));
  return (
    <section class="card">
      <header><h2>Counters since start</h2></header>
      <div class="body stack">
        {losses.length ? (
          <div class="banner warn block">
            <strong>Lost or refused</strong>
            <CounterList entries={losses} />
          </div>
        ) : <p class="tag good"><span class="dot" />Nothing lost or refused</p>}
        <CounterList entries={others} />
      </div>
    </section>
  );
}

function CounterList({ entries }: { entries: [string, number][] }) {
  return (
    <dl class="facts counters">
      {entries.map(([name, value]) => (
        <div class="fact-row" key={name}><dt>{name.replace(/_/g, " ")}</dt><dd class="number">{formatNumber(value)}</dd></div>
      ))}
    </dl>
  );
}
