import { inventory, listAlerts } from "../api/resources";
import type { InventoryKind } from "../api/types";
import { useQuery } from "../lib/hooks";
import { groupInventory, type InventoryGroup } from "../lib/inventory";
import { useLocation } from "../lib/router";
import { count, formatCompact, formatNumber } from "../lib/text";
import { AlertListHead, AlertRow } from "../ui/AlertRow";
import { SearchField } from "../ui/Filters";
import { Page } from "../ui/Page";
import { Safe } from "../ui/Safe";
import { Empty, Show } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Tabs } from "../ui/Tabs";
import { Time } from "../ui/Time";

const kTabs = [
  { key: "application", label: "Applications" },
  { key: "model", label: "Models" },
  { key: "provider", label: "Providers" },
  { key: "tool", label: "Tools" },
  { key: "mcp_server", label: "MCP servers" },
  { key: "key", label: "API keys" },
  { key: "shadow", label: "Shadow AI" },
] as const;

const kFilterOf: Partial<Record<string, string>> = { application: "app", model: "model", provider: "provider" };
const kNewWithin = 7 * 24 * 3_600_000;

export function InventoryPage() {
  const { query } = useLocation();
  const kind = kTabs.find((tab) => tab.key === query.get("kind"))?.key ?? "application";
  return (
    <Page title="Inventory" lead="What speaks to AI on your hosts, summed up from the metadata of every exchange. No text is kept for this.">
      <Tabs label="Kinds" tabs={kTabs} current={kind} link={(key) => `/inventory?kind=${key}`} />
      {kind === "shadow" ? <ShadowAi /> : <Entries key={kind} kind={kind} query={query} />}
    </Page>
  );
}

function Hosts({ hosts }: { hosts: string[] }) {
  const shown = hosts.slice(0, 3).join(", ");
  return <span title={hosts.join(", ")}><Safe text={shown} />{hosts.length > 3 ? ` +${hosts.length - 3}` : ""}</span>;
}

function columns(kind: string): Column<InventoryGroup>[] {
  const filter = kFilterOf[kind];
  return [
    { head: "Name", cell: (row) => (
      <>
        <strong class={kind === "key" ? "mono" : ""}><Safe text={row.name} /></strong>
        {Date.now() - row.firstSeen < kNewWithin ? <span class="badge sev-low new-badge">New</span> : null}
      </>
    ) },
    { head: "Hosts", cell: (row) => <Hosts hosts={row.hosts} /> },
    { head: "Exchanges", number: true, cell: (row) => <span title={formatNumber(row.exchanges)}>{formatCompact(row.exchanges)}</span> },
    { head: "Tokens in", number: true, cell: (row) => formatCompact(row.inputTokens) },
    { head: "Tokens out", number: true, cell: (row) => formatCompact(row.outputTokens) },
    { head: "First seen", cell: (row) => <Time at={row.firstSeen} /> },
    { head: "Last seen", cell: (row) => <Time at={row.lastSeen} /> },
    ...(filter ? [{ head: "", cell: (row: InventoryGroup) => <a class="nowrap" href={`/alerts?${new URLSearchParams({ [filter]: row.name })}`}>Alerts</a> }] : []),
  ];
}

function Entries({ kind, query }: { kind: InventoryKind; query: URLSearchParams }) {
  const list = useQuery(`inventory/${kind}`, () => inventory(kind));
  const words = (query.get("q") ?? "").toLowerCase();
  return (
    <>
      <div class="filters"><SearchField query={query} label="Filter by name or host" /></div>
      <Show result={list.result} retry={list.reload}>
        {(data) => {
          const groups = groupInventory(data.items).filter((group) => `${group.name} ${group.hosts.join(" ")}`.toLowerCase().includes(words));
          if (!groups.length) {
            return <div class="card"><Empty icon="inventory" title={words ? "Nothing matches" : "Nothing seen yet"}><p>Entries appear with the first exchange that a sensor hears.</p></Empty></div>;
          }
          return (
            <section class="card">
              <header><span class="muted small">{count(groups.length, "entry", "entries")}</span></header>
              <Table label="Inventory" columns={columns(kind)} rows={groups} rowKey={(row) => row.name} />
            </section>
          );
        }}
      </Show>
    </>
  );
}

function ShadowAi() {
  const list = useQuery("shadow", (signal) => listAlerts({ alert: "shadow_ai", limit: 100 }, signal));
  return (
    <Show result={list.result} retry={list.reload}>
      {(page) => page.items.length ? (
        <div class="card list">
          <AlertListHead />
          <ul aria-label="Shadow AI">{page.items.map((alert) => <li key={alert.uid}><AlertRow alert={alert} /></li>)}</ul>
        </div>
      ) : (
        <div class="card"><Empty icon="check" title="No shadow AI"><p>Nothing outside your policy was seen. Allowed providers, models and MCP servers are set in the policy of the agents.</p></Empty></div>
      )}
    </Show>
  );
}
