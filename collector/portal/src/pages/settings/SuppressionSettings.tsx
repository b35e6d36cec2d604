import { useState } from "preact/hooks";

import { listSuppressions, removeSuppression } from "../../api/resources";
import type { Suppression } from "../../api/types";
import { describe } from "../../lib/catalogue";
import { useQuery } from "../../lib/hooks";
import { useAllowed } from "../../lib/session";
import { formatNumber } from "../../lib/text";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { Safe } from "../../ui/Safe";
import { Empty, Show } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";

function conditions(rule: Suppression): string {
  return [
    rule.alert && describe(rule.alert).label,
    rule.application && `application ${rule.application}`,
    rule.host && `host ${rule.host}`,
    rule.entity_type && `${rule.entity_type} ${rule.entity_value ?? ""}`,
  ].filter(Boolean).join(", ");
}

export function SuppressionSettings() {
  const analyst = useAllowed("analyst");
  const [removing, setRemoving] = useState<Suppression | null>(null);
  const list = useQuery("suppressions", listSuppressions);
  const columns: Column<Suppression>[] = [
    { head: "Suppresses", cell: (row) => <strong><Safe text={conditions(row)} /></strong> },
    { head: "Why", cell: (row) => <Safe text={row.reason} /> },
    { head: "By", cell: (row) => <><Safe text={row.author} /> <span class="muted"><Time at={row.created_at} /></span></> },
    { head: "Until", cell: (row) => (row.expires_at ? <Time at={row.expires_at} /> : "for ever") },
    { head: "Matched", number: true, cell: (row) => formatNumber(row.matched) },
    ...(analyst ? [{ head: "", cell: (row: Suppression) => <button type="button" class="button small" onClick={() => setRemoving(row)}>Remove</button> }] : []),
  ];
  return (
    <>
      <p class="secondary">Alerts that match are stored as suppressed and join no incident. Add a suppression from the page of an alert.</p>
      <Show result={list.result} retry={list.reload}>
        {(data) => (
          <section class="card">
            {data.items.length
              ? <Table label="Suppressions" columns={columns} rows={data.items} rowKey={(row) => row.id} />
              : <Empty icon="quiet" title="Nothing is suppressed" />}
          </section>
        )}
      </Show>
      {removing ? (
        <ConfirmDialog title="Remove this suppression" action="Remove" onClose={() => setRemoving(null)}
          run={async () => { await removeSuppression(removing.id); list.reload(); }}>
          New alerts ({conditions(removing)}) will show again. Those already suppressed stay as they are.
        </ConfirmDialog>
      ) : null}
    </>
  );
}
