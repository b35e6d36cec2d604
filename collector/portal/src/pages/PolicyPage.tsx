import { useState } from "preact/hooks";

import { getPolicy, listPolicies, rollBackPolicy, rollOutPolicy } from "../api/resources";
import type { PolicyDetail, PolicyState } from "../api/types";
import type { PageProps } from "../App";
import { diffLines } from "../lib/diff";
import { useLive, useQuery, useThrottled } from "../lib/hooks";
import { navigate, useLocation } from "../lib/router";
import { useAllowed } from "../lib/session";
import { count } from "../lib/text";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Page } from "../ui/Page";
import { PolicyEditor } from "../ui/PolicyEditor";
import { Safe } from "../ui/Safe";
import { Empty, Show } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Time } from "../ui/Time";
import { toast, toastError } from "../ui/Toast";
import { reach } from "./PoliciesPage";

const kReloadMs = 2000; // sensors tell how far they are one by one
const kMark = { same: " ", added: "+", removed: "-" } as const;

function Difference({ policy, before }: { policy: PolicyDetail; before: number | null }) {
  const old = useQuery(`policy-${before ?? "none"}`, () => (before === null ? Promise.resolve(null) : getPolicy(before)));
  return (
    <section class="card">
      <header><h2>{before === null ? "Policy" : `Policy, compared with version ${before}`}</h2></header>
      <pre class="policy-diff" tabIndex={0} aria-label="Policy">
        {diffLines(before === null ? policy.document : old.result.data?.document ?? policy.document, policy.document).map((line, index) => (
          <div key={index} class={`line-${line.kind}`}>{kMark[line.kind]} <Safe text={line.text} /></div>
        ))}
      </pre>
    </section>
  );
}

function stateOf(row: PolicyState, version: number) {
  if (row.refused_because) return <span class="tag bad wraps"><span class="dot" /><span>Refused: <Safe text={row.refused_because} /></span></span>;
  if (row.version === version) return <span class="tag good"><span class="dot" />Runs it</span>;
  if (row.version > version) return <span class="tag"><span class="dot" />Runs {row.version}</span>;
  return row.rolled_out ? <span class="tag warn"><span class="dot" />Waiting</span> : <span class="tag"><span class="dot" />Not yet chosen</span>;
}

/** How far the roll-out is, in one line. */
function progressOf(policy: PolicyDetail) {
  const refused = policy.state.filter((row) => row.refused_because).length;
  const running = policy.state.filter((row) => !row.refused_because && row.version === policy.version).length;
  const waiting = policy.state.filter((row) => !row.refused_because && row.rolled_out && row.version < policy.version).length;
  return [
    `${reach(policy)}: run by ${running} of ${count(policy.state.length, "sensor")}`,
    waiting ? `${waiting} waiting` : "",
    refused ? `${refused} refused it` : "",
  ].filter(Boolean).join(", ");
}

function RollOut({ policy, reload }: { policy: PolicyDetail; reload: () => void }) {
  const [percent, setPercent] = useState(String(policy.percent));
  const submit = (event: Event) => {
    event.preventDefault();
    rollOutPolicy(policy.version, Number(percent), policy.agents).then(() => { toast("Roll-out changed"); reload(); }, toastError);
  };
  return (
    <form class="row wrap at-end" onSubmit={submit}>
      <label class="label">Share of the sensors (percent)
        <input class="field" type="number" min={0} max={100} required value={percent} onInput={(event) => setPercent(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button">Roll out</button>
    </form>
  );
}

function Version({ policy, previous, newest, reload }: { policy: PolicyDetail; previous: number | null; newest: boolean; reload: () => void }) {
  const admin = useAllowed("admin");
  const [rollingBack, setRollingBack] = useState(false);
  const columns: Column<PolicyState>[] = [
    { head: "Host", cell: (row) => <a href={`/fleet/${encodeURIComponent(row.agent_id)}`}><Safe text={row.hostname || row.agent_id} /></a> },
    { head: "State", cell: (row) => stateOf(row, policy.version) },
    { head: "Last heartbeat", cell: (row) => (row.last_seen ? <Time at={row.last_seen} /> : "never") },
  ];
  return (
    <>
      <section class="card">
        <header><h2>Roll-out</h2><span class="muted small" role="status">{progressOf(policy)}</span></header>
        {admin ? (
          <div class="body row wrap at-end">
            <RollOut policy={policy} reload={reload} />
            <a class="button" href={`/policies/new?from=${policy.version}`}>Edit as a new version</a>
            {newest ? null : <button type="button" class="button" onClick={() => setRollingBack(true)}>Go back to this version</button>}
          </div>
        ) : null}
        {policy.state.length ? <Table label="Sensors of the group" columns={columns} rows={policy.state} rowKey={(row) => row.agent_id} /> : <Empty icon="fleet" title="No sensor is in this group" />}
      </section>
      <Difference policy={policy} before={previous} />
      {rollingBack ? (
        <ConfirmDialog title={`Go back to version ${policy.version}`} action="Publish" onClose={() => setRollingBack(false)}
          run={async () => { const made = await rollBackPolicy(policy.version); navigate(`/policies/${made.version}`); }}>
          Its text becomes a new version for every sensor of the group <Safe text={policy.group} />.
        </ConfirmDialog>
      ) : null}
    </>
  );
}

function NewPolicy() {
  const { query } = useLocation();
  const from = query.get("from");
  const source = useQuery(`policy-${from ?? "new"}`, () => (from ? getPolicy(from) : Promise.resolve(null)));
  return (
    <Page title="New policy version">
      {from ? <Show result={source.result} retry={source.reload}>{(policy) => <PolicyEditor from={policy} />}</Show> : <PolicyEditor from={null} />}
    </Page>
  );
}

function ExistingPolicy({ version }: { version: string }) {
  const policy = useQuery(`policy-${version}`, () => getPolicy(version));
  const list = useQuery("policies", listPolicies);
  const reload = useThrottled(policy.reload, kReloadMs);
  useLive({ agentUpdated: reload, gap: reload });
  return (
    <Show result={policy.result} retry={policy.reload} heading="h1">
      {(data) => {
        const versions = (list.result.data?.items ?? []).filter((entry) => entry.group === data.group);
        const older = versions.filter((entry) => entry.version < data.version);
        return (
          <Page title={`Policy ${data.version}`} lead={`${data.comment} (group ${data.group})`}>
            <Version key={`${data.version}-${older.length}`} policy={data} previous={older[0]?.version ?? null}
              newest={!versions.some((entry) => entry.version > data.version)} reload={policy.reload} />
          </Page>
        );
      }}
    </Show>
  );
}

export function PolicyPage({ parameters }: PageProps) {
  const version = parameters.version ?? "";
  return version === "new" ? <NewPolicy /> : <ExistingPolicy version={version} />;
}
