import { listExports } from "../../api/resources";
import type { ExportState } from "../../api/types";
import { useQuery } from "../../lib/hooks";
import { formatNumber } from "../../lib/text";
import { Safe } from "../../ui/Safe";
import { Empty, Show } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";

function State({ row }: { row: ExportState }) {
  if (!row.trouble) return <span class="tag good"><span class="dot" />Delivering</span>;
  return <><span class="tag bad"><span class="dot" />Trying again</span> <span class="small"><Safe text={row.trouble} /></span></>;
}

const kColumns: Column<ExportState>[] = [
  { head: "Export", cell: (row) => <strong><Safe text={row.name} /></strong> },
  { head: "State", cell: (row) => <State row={row} /> },
  { head: "Last delivery", cell: (row) => (row.last_sent ? <Time at={row.last_sent} /> : "never") },
  { head: "Sent", number: true, cell: (row) => formatNumber(row.sent) },
  { head: "Waiting", number: true, cell: (row) => formatNumber(row.waiting) },
  { head: "Refused", number: true, cell: (row) => formatNumber(row.refused) },
];

export function ExportSettings() {
  const list = useQuery("exports", listExports);
  return (
    <>
      <p class="secondary">Alerts and incidents go to these systems, each from its own place in the store: nothing is lost while one is away. They are set in the collector’s configuration, under <code>exports</code>.</p>
      <Show result={list.result} retry={list.reload}>
        {(data) => (
          <section class="card">
            {data.items.length
              ? <Table label="Exports" columns={kColumns} rows={data.items} rowKey={(row) => row.name} />
              : <Empty icon="check" title="Nothing is exported"><p>Webhook, syslog, Kafka and OTLP can be configured.</p></Empty>}
          </section>
        )}
      </Show>
    </>
  );
}
