import { useState } from "preact/hooks";

import { audit } from "../api/resources";
import type { AuditEntry } from "../api/types";
import { useQuery } from "../lib/hooks";
import { setQuery, useLocation } from "../lib/router";
import { absolute } from "../lib/time";
import { FilterChips } from "../ui/Filters";
import { Page } from "../ui/Page";
import { Safe } from "../ui/Safe";
import { Empty, Show } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { toastError } from "../ui/Toast";

function ObjectLink({ entry }: { entry: AuditEntry }) {
  const kind = entry.action.split(".")[0];
  const path = kind === "alert" ? "/alerts/" : kind === "incident" ? "/incidents/" : kind === "agent" ? "/fleet/" : "";
  if (!path || !entry.object) return <Safe text={entry.object} />;
  return <a class="mono" href={path + encodeURIComponent(entry.object)}><Safe text={entry.object} /></a>;
}

const kColumns: Column<AuditEntry>[] = [
  { head: "Time", cell: (row) => <time class="nowrap" dateTime={new Date(row.time).toISOString()}>{absolute(row.time)}</time> },
  { head: "Who", cell: (row) => <a href={`/audit?${new URLSearchParams({ actor: row.actor })}`}><Safe text={row.actor} /></a> },
  { head: "Did", cell: (row) => <span class="mono"><Safe text={row.action} /></span> },
  { head: "To", cell: (row) => <ObjectLink entry={row} /> },
  { head: "Detail", cell: (row) => <Safe text={row.detail} /> },
  { head: "From", cell: (row) => <Safe text={row.source} /> },
];

export function AuditPage() {
  const { query } = useLocation();
  const [loading, setLoading] = useState(false);
  const filter = { actor: query.get("actor"), object: query.get("object"), limit: 100 };
  const list = useQuery(`audit?${query.toString()}`, () => audit(filter));
  const more = async (cursor: string) => {
    setLoading(true);
    try {
      const next = await audit({ ...filter, cursor });
      list.mutate((page) => ({ items: [...page.items, ...next.items], next_cursor: next.next_cursor }));
    } catch (error) {
      toastError(error);
    }
    setLoading(false);
  };
  return (
    <Page title="Audit" lead="Who did and saw what. Every look at evidence is recorded.">
      <div class="filters">
        <form class="search" role="search" onSubmit={(event) => { event.preventDefault(); setQuery({ object: new FormData(event.currentTarget).get("object") as string }); }}>
          <input class="field plain" name="object" data-search aria-label="Uid of an alert, incident or agent" placeholder="Uid of an alert, incident or agent" defaultValue={filter.object ?? ""} maxLength={256} />
        </form>
      </div>
      <FilterChips query={query} names={["actor", "object"]} labels={{ actor: "Who", object: "To" }} />
      <Show result={list.result} retry={list.reload}>
        {(page) => page.items.length ? (
          <section class="card">
            <Table label="Audit log" columns={kColumns} rows={page.items} rowKey={(row) => row.id} />
            {page.next_cursor ? (
              <div class="state more-state"><button type="button" class="button" disabled={loading} onClick={() => more(page.next_cursor ?? "")}>{loading ? "Loading…" : "Show older entries"}</button></div>
            ) : null}
          </section>
        ) : <div class="card"><Empty icon="audit" title="No entry matches" /></div>}
      </Show>
    </Page>
  );
}
