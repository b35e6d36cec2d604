import { useEffect, useRef, useState } from "preact/hooks";

import { alertsCsvUrl, listAlerts } from "../api/resources";
import type { AlertSummary, Page as ApiPage } from "../api/types";
import { rememberOrder } from "../lib/alertlist";
import { alertNames, describe } from "../lib/catalogue";
import { filterLabel, insert, kValueFilters, matches, toApiQuery } from "../lib/filters";
import { useLive, useQuery, type Query } from "../lib/hooks";
import { setQuery, useLocation } from "../lib/router";
import { useAllowed } from "../lib/session";
import { kCommonSeverities, kStatuses, severityLabel, statusLabel } from "../lib/severity";
import { count } from "../lib/text";
import { zoneLabel } from "../lib/zone";
import { AlertListHead, AlertRow } from "../ui/AlertRow";
import { FilterChips, FilterMenu, PeriodSelect, SearchField, type Option } from "../ui/Filters";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import { Empty, Show } from "../ui/States";
import { toastError } from "../ui/Toast";

const kSeverityOptions: Option[] = kCommonSeverities.map((value) => ({ value, label: severityLabel[value] }));
const kStatusOptions: Option[] = kStatuses.map((value) => ({ value, label: statusLabel[value] }));
const kZoneOptions: Option[] = Object.entries(zoneLabel).map(([value, label]) => ({ value, label }));
const kAlertOptions: Option[] = alertNames.map((value) => ({ value, label: describe(value).label }));
const kMenus = ["severity", "status", "alert", "zone"];
const kChipNames = kValueFilters.filter((name) => !kMenus.includes(name));

type AlertPageData = ApiPage<AlertSummary>;

const kEvidenceSoonMs = 1000;
const kEvidencePage = 100;

/** Events carry no evidence: a moment after rows arrived it is asked for, as a look that is logged. */
function useEvidence(list: Query<AlertPageData>, apiQuery: () => Record<string, string | number>): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const fill = async () => {
    timer.current = undefined;
    const newest = await listAlerts({ ...apiQuery(), limit: kEvidencePage });
    const told = new Map(newest.items.map((alert) => [alert.uid, alert]));
    list.mutate((page) => ({ ...page, items: page.items.map((old) => told.get(old.uid) ?? old) }));
  };
  return () => { timer.current ??= setTimeout(() => fill().catch(toastError), kEvidenceSoonMs); };
}

/** What arrived since the list was loaded and is not in it yet. */
function useLiveList(query: URLSearchParams, list: Query<AlertPageData>, evidence: () => void) {
  const [waiting, setWaiting] = useState(0);
  const fresh = useRef(new Set<string>());
  const key = query.toString();
  useEffect(() => setWaiting(0), [key, list.result.state === "loading"]);
  useLive({
    alertCreated: (alert) => {
      const fits = matches(query, alert);
      if (fits === false) return;
      // Rows do not jump while someone reads further down, and a search is the collector's to answer.
      if (fits === null || window.scrollY > 120) {
        setWaiting((value) => value + 1);
        return;
      }
      fresh.current.add(alert.uid);
      list.mutate((page) => ({ ...page, items: insert(page.items, { ...alert, evidence_preview: "" }) }));
      evidence();
    },
    alertUpdated: (alert) =>
      list.mutate((page) => ({ ...page, items: page.items.map((old) => (old.uid === alert.uid ? { ...old, ...alert } : old)) })),
    gap: list.reload,
    opened: list.reload,
  });
  return { waiting, fresh: fresh.current };
}

function useMore(list: Query<AlertPageData>, apiQuery: () => Record<string, string | number>) {
  const [loading, setLoading] = useState(false);
  const more = async () => {
    const cursor = list.result.data?.next_cursor;
    if (!cursor || loading) return;
    setLoading(true);
    try {
      const next = await listAlerts({ ...apiQuery(), cursor });
      list.mutate((page) => {
        const known = new Set(page.items.map((alert) => alert.uid));
        return { items: [...page.items, ...next.items.filter((alert) => !known.has(alert.uid))], next_cursor: next.next_cursor };
      });
    } catch (error) {
      toastError(error);
    }
    setLoading(false);
  };
  return { loading, more };
}

export function AlertsPage() {
  const { query } = useLocation();
  const analyst = useAllowed("analyst");
  const loadedAt = useRef(Date.now());
  const apiQuery = () => toApiQuery(query, loadedAt.current);
  const list = useQuery(`alerts?${query.toString()}`, (signal) => {
    loadedAt.current = Date.now();
    return listAlerts(apiQuery(), signal);
  });
  const { waiting, fresh } = useLiveList(query, list, useEvidence(list, apiQuery));
  const { loading, more } = useMore(list, apiQuery);
  const filtered = [...query.keys()].length > 0;

  return (
    <Page title="Alerts" tools={analyst
      ? <a class="button" href={alertsCsvUrl(apiQuery())} download="alerts.csv"><Icon name="download" size={16} />CSV</a>
      : null}>
      <div class="filters">
        <SearchField query={query} label="Search alerts and evidence" />
        <FilterMenu name="severity" label="Severity" options={kSeverityOptions} query={query} />
        <FilterMenu name="status" label="Status" options={kStatusOptions} query={query} />
        <FilterMenu name="alert" label="Type" options={kAlertOptions} query={query} />
        <FilterMenu name="zone" label="Zone" options={kZoneOptions} query={query} />
        <PeriodSelect query={query} />
        {filtered ? <a class="button quiet" href="/alerts">Clear</a> : null}
      </div>
      <FilterChips query={query} names={kChipNames} labels={filterLabel} />
      {waiting ? (
        <button type="button" class="banner button" onClick={() => { list.reload(); window.scrollTo(0, 0); }}>
          {count(waiting, "new alert")}: show
        </button>
      ) : null}
      <Show result={list.result} retry={list.reload} rows={12}>
        {(page) => <AlertList page={page} fresh={fresh} filtered={filtered} loading={loading} more={more} />}
      </Show>
    </Page>
  );
}

function AlertList({ page, fresh, filtered, loading, more }: {
  page: AlertPageData; fresh: Set<string>; filtered: boolean; loading: boolean; more: () => void;
}) {
  useEffect(() => rememberOrder(page.items.map((alert) => alert.uid)), [page]);
  if (!page.items.length) {
    return (
      <div class="card">
        {filtered
          ? <Empty title="No alert matches"><button type="button" class="button" onClick={() => setQuery(Object.fromEntries([...kValueFilters, "q", "period", "since", "until"].map((name) => [name, null])))}>Clear the filters</button></Empty>
          : <Empty icon="check" title="No alerts"><p>New alerts appear here by themselves. Check under Coverage that your AI applications are heard.</p></Empty>}
      </div>
    );
  }
  return (
    <div class="card list">
      <AlertListHead />
      <ul aria-label="Alerts, newest first">
        {page.items.map((alert) => <li key={alert.uid}><AlertRow alert={alert} fresh={fresh.has(alert.uid)} /></li>)}
      </ul>
      {page.next_cursor ? (
        <div class="state more-state">
          <button type="button" class="button" disabled={loading} onClick={more}>{loading ? "Loading…" : "Show older alerts"}</button>
        </div>
      ) : null}
    </div>
  );
}
