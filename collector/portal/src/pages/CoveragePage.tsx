import { coverage } from "../api/resources";
import type { CoverageEntry } from "../api/types";
import { useQuery } from "../lib/hooks";
import { blindSpots, type BlindSpot } from "../lib/inventory";
import { useLocation } from "../lib/router";
import { count } from "../lib/text";
import { FilterChips } from "../ui/Filters";
import { Page } from "../ui/Page";
import { Safe } from "../ui/Safe";
import { Empty, Show } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Time } from "../ui/Time";

const kHeard: Column<CoverageEntry>[] = [
  { head: "Process", cell: (row) => <><Safe text={row.exe ?? ""} /> <span class="muted nowrap">{row.pid ? `pid ${row.pid}` : ""}</span></> },
  { head: "Host", cell: (row) => <a href={`/fleet/${encodeURIComponent(row.agent_id)}`}><Safe text={row.host} /></a> },
  { head: "TLS stack", cell: (row) => <Safe text={[row.stack, row.version].filter(Boolean).join(" ")} /> },
  { head: "Found by", cell: (row) => row.located_by ?? "" },
];

export function CoveragePage() {
  const { query } = useLocation();
  const host = query.get("host") ?? "";
  const list = useQuery(`coverage/${host}`, () => coverage({ host }));
  return (
    <Page title="Coverage" lead="Which processes with a TLS library are heard, and which are not and why. What is not heard raises no alerts.">
      <FilterChips query={query} names={["host"]} labels={{ host: "Host" }} />
      <Show result={list.result} retry={list.reload}>
        {(data) => <CoverageView entries={data.items} />}
      </Show>
    </Page>
  );
}

function CoverageView({ entries }: { entries: CoverageEntry[] }) {
  const heard = entries.filter((entry) => entry.covered);
  const spots = blindSpots(entries);
  if (!entries.length) {
    return <div class="card"><Empty icon="coverage" title="No coverage reported yet"><p>Agents report it with each heartbeat. Enrol an agent, or check under Fleet that they reach this collector.</p></Empty></div>;
  }
  const share = heard.length / entries.length;
  return (
    <>
      <section class="card">
        <div class="body row wrap share">
          <span class="figure">{heard.length} of {entries.length}</span>
          <span class="secondary">processes with a TLS library are heard</span>
          <span class="split-bar grow" role="img" aria-label={`${Math.round(share * 100)} percent heard`}>
            <i class="fill-good" style={{ inlineSize: `${share * 100}%` }} />
            {share < 1 ? <i class="fill-high grow" /> : null}
          </span>
        </div>
      </section>
      {spots.length
        ? <div class="stack">{spots.map((spot) => <Spot key={spot.reason} spot={spot} />)}</div>
        : <div class="card"><Empty icon="check" title="Every AI process is heard" /></div>}
      {heard.length ? (
        <details class="card fold">
          <summary>{count(heard.length, "process", "processes")} heard</summary>
          <Table label="Processes that are heard" columns={kHeard} rows={heard} rowKey={(row) => `${row.agent_id}/${row.pid}/${row.exe}`} />
        </details>
      ) : null}
    </>
  );
}

const kBlind: Column<CoverageEntry>[] = [...kHeard.slice(0, 3), { head: "Reported", cell: (row) => (row.last_seen ? <Time at={row.last_seen} /> : "") }];

function Spot({ spot }: { spot: BlindSpot }) {
  return (
    <section class="card">
      <header>
        <span class="badge sev-high">Not heard</span>
        <h2><Safe text={spot.reason} /></h2>
        <span class="end muted small">{count(spot.entries.length, "process", "processes")} on {count(spot.hosts.length, "host")}</span>
      </header>
      <div class="body flush">
        <Table label={`Processes not heard: ${spot.reason}`} columns={kBlind} rows={spot.entries} rowKey={(row) => `${row.agent_id}/${row.pid}/${row.exe}`} />
      </div>
    </section>
  );
}
