import { listUsers } from "../../api/resources";
import type { Role, User } from "../../api/types";
import { useQuery } from "../../lib/hooks";
import { Safe } from "../../ui/Safe";
import { Empty, Show } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";

const kMay: Record<Role, string> = {
  viewer: "reads alerts, incidents and the fleet",
  analyst: "works on alerts and incidents, suppresses, exports",
  admin: "manages tokens and sensors, reads the audit log",
  agent: "delivers alerts",
};

const kColumns: Column<User>[] = [
  { head: "User", cell: (row) => <strong><Safe text={row.username} /></strong> },
  { head: "Role", cell: (row) => row.role },
  { head: "May", cell: (row) => kMay[row.role] ?? "" },
];

export function UserSettings() {
  const list = useQuery("users", listUsers);
  return (
    <>
      <p class="secondary">Users are created and removed on the collector: <code>sonde-collector user --help</code>.</p>
      <Show result={list.result} retry={list.reload}>
        {(data) => (
          <section class="card">
            {data.items.length
              ? <Table label="Users" columns={kColumns} rows={data.items} rowKey={(row) => row.username} />
              : <Empty icon="user" title="No users" />}
          </section>
        )}
      </Show>
    </>
  );
}
