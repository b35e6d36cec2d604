import { listPolicies } from "../api/resources";
import type { Policy } from "../api/types";
import { useQuery } from "../lib/hooks";
import { useAllowed } from "../lib/session";
import { count } from "../lib/text";
import { Page } from "../ui/Page";
import { Safe } from "../ui/Safe";
import { Empty, Show } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Time } from "../ui/Time";

export const reach = (policy: Policy) =>
  policy.percent === 100 ? "all sensors" : [`${policy.percent} %`, policy.agents.length ? count(policy.agents.length, "named sensor") : ""].filter(Boolean).join(" and ");

const kColumns: Column<Policy>[] = [
  { head: "Version", number: true, cell: (row) => <a href={`/policies/${row.version}`} data-row>{row.version}</a> },
  { head: "Why", cell: (row) => <strong><Safe text={row.comment} /></strong> },
  { head: "Rolled out to", cell: (row) => <>{reach(row)}{row.percent < 100 ? <div class="meter" aria-hidden="true"><i style={{ inlineSize: `${row.percent}%` }} /></div> : null}</> },
  { head: "By", cell: (row) => <><Safe text={row.author} /> <span class="muted"><Time at={row.created_at} /></span></> },
];

export function PoliciesPage() {
  const admin = useAllowed("admin");
  const list = useQuery("policies", listPolicies);
  return (
    <Page title="Policies" lead="What sensors hear, look for and send, by group. Versions are signed; a sensor never sends more than its own configuration allows."
      tools={admin && list.result.data?.enabled ? <a class="button primary" href="/policies/new">New version</a> : null}>
      <Show result={list.result} retry={list.reload}>
        {(data) => {
          const groups = [...new Set(data.items.map((policy) => policy.group))].sort();
          if (!data.enabled) return <div class="card"><Empty icon="policy" title="This collector signs no policies"><p>Set <code>policy.signing_key</code>; replicas must share it.</p></Empty></div>;
          if (!groups.length) return <div class="card"><Empty icon="policy" title="No policy yet"><p>Sensors run with their own configuration.</p></Empty></div>;
          return groups.map((group) => (
            <section class="card" key={group}>
              <header><h2>Group <Safe text={group} /></h2></header>
              <Table label={`Versions for ${group}`} columns={kColumns} rows={data.items.filter((policy) => policy.group === group)} rowKey={(row) => row.version} />
            </section>
          ));
        }}
      </Show>
    </Page>
  );
}
