import { useState } from "preact/hooks";

import { listIncidents } from "../api/resources";
import type { IncidentSummary, Page as ApiPage } from "../api/types";
import { incidentMatches, toApiQuery } from "../lib/filters";
import { useLive, useQuery } from "../lib/hooks";
import { useLocation } from "../lib/router";
import { kCommonSeverities, severityLabel, statusLabel } from "../lib/severity";
import { FilterChips, FilterMenu, PeriodSelect, type Option } from "../ui/Filters";
import { IncidentListHead, IncidentRow } from "../ui/IncidentRow";
import { Page } from "../ui/Page";
import { Empty, Show } from "../ui/States";
import { toastError } from "../ui/Toast";

const kSeverityOptions: Option[] = kCommonSeverities.map((value) => ({ value, label: severityLabel[value] }));
const kStatusOptions: Option[] = (["new", "in_progress", "resolved"] as const).map((value) => ({ value, label: statusLabel[value] }));
const kChips = ["assignee", "host"];
const kChipLabels = { assignee: "Assignee", host: "Host" };

type IncidentPageData = ApiPage<IncidentSummary>;

function upsert(page: IncidentPageData, incident: IncidentSummary, fits: boolean): IncidentPageData {
  const others = page.items.filter((item) => item.uid !== incident.uid);
  const items = fits ? [...others, incident].sort((a, b) => b.last_time - a.last_time) : others;
  return { ...page, items };
}

export function IncidentsPage() {
  const { query } = useLocation();
  const [loading, setLoading] = useState(false);
  const list = useQuery(`incidents?${query.toString()}`, (signal) => listIncidents(toApiQuery(query, Date.now()), signal));
  const arrived = (incident: IncidentSummary) => list.mutate((page) => upsert(page, incident, incidentMatches(query, incident)));
  useLive({ incidentCreated: arrived, incidentUpdated: arrived, gap: list.reload, opened: list.reload });
  const more = async (cursor: string) => {
    setLoading(true);
    try {
      const next = await listIncidents({ ...toApiQuery(query, Date.now()), cursor });
      list.mutate((page) => {
        const known = new Set(page.items.map((incident) => incident.uid));
        return { items: [...page.items, ...next.items.filter((incident) => !known.has(incident.uid))], next_cursor: next.next_cursor };
      });
    } catch (error) {
      toastError(error);
    }
    setLoading(false);
  };
  const filtered = [...query.keys()].length > 0;
  return (
    <Page title="Incidents">
      <div class="filters">
        <FilterMenu name="severity" label="Severity" options={kSeverityOptions} query={query} />
        <FilterMenu name="status" label="Status" options={kStatusOptions} query={query} />
        <PeriodSelect query={query} />
        {filtered ? <a class="button quiet" href="/incidents">Clear</a> : null}
      </div>
      <FilterChips query={query} names={kChips} labels={kChipLabels} />
      <Show result={list.result} retry={list.reload}>
        {(page) => page.items.length ? (
          <div class="card list">
            <IncidentListHead />
            <ul aria-label="Incidents, latest activity first">
              {page.items.map((incident) => <li key={incident.uid}><IncidentRow incident={incident} /></li>)}
            </ul>
            {page.next_cursor ? (
              <div class="state more-state">
                <button type="button" class="button" disabled={loading} onClick={() => more(page.next_cursor ?? "")}>{loading ? "Loading…" : "Show older incidents"}</button>
              </div>
            ) : null}
          </div>
        ) : (
          <div class="card">
            {filtered
              ? <Empty title="No incident matches"><a class="button" href="/incidents">Clear the filters</a></Empty>
              : <Empty icon="check" title="No incidents"><p>Alerts that tell one story are joined here.</p></Empty>}
          </div>
        )}
      </Show>
    </Page>
  );
}
