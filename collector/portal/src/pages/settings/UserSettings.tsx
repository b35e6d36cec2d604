import { useState } from "preact/hooks";

import { changeUser, listUsers, removeUser } from "../../api/resources";
import type { Role, User } from "../../api/types";
import { useQuery } from "../../lib/hooks";
import { useAllowed, useSession } from "../../lib/session";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { Safe } from "../../ui/Safe";
import { SecretDialog } from "../../ui/SecretDialog";
import { Empty, Show } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { toast, toastError } from "../../ui/Toast";
import { AddUserDialog, kMay, kRoles, type Given } from "./AddUserDialog";

export function UserSettings() {
  const list = useQuery("users", listUsers);
  const admin = useAllowed("admin");
  const { me } = useSession();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<User | null>(null);
  const [resetting, setResetting] = useState<User | null>(null);
  const [given, setGiven] = useState<Given | null>(null);
  const setRole = async (user: User, role: Role) => {
    try {
      await changeUser(user.username, { role });
      toast(`${user.username} is ${role} now`);
    } catch (error) {
      toastError(error);
    }
    list.reload();
  };
  const role = (row: User) => (admin && row.username !== me.username
    ? (
      <select class="field" aria-label={`Role of ${row.username}`} value={row.role} onChange={(event) => setRole(row, event.currentTarget.value as Role)}>
        {kRoles.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
    )
    : row.role);
  const actions = (row: User) => (row.username === me.username ? <a href="/settings?tab=account">Change password</a> : (
    <span class="row">
      <button type="button" class="button small" aria-label={`Reset password of ${row.username}`} onClick={() => setResetting(row)}>Reset password</button>
      <button type="button" class="button small" aria-label={`Remove ${row.username}`} onClick={() => setRemoving(row)}>Remove</button>
    </span>
  ));
  const columns: Column<User>[] = [
    { head: "User", cell: (row) => <strong><Safe text={row.username} /></strong> },
    { head: "Role", cell: role },
    { head: "May", cell: (row) => kMay[row.role] ?? "" },
    { head: "Added", cell: (row) => (row.created_at ? <Time at={row.created_at} /> : "") },
    ...(admin ? [{ head: "", cell: actions }] : []),
  ];
  const added = (made: Given) => {
    setAdding(false);
    setGiven(made);
    list.reload();
  };
  const remove = async (user: User) => {
    await removeUser(user.username);
    list.reload();
  };
  const reset = async (user: User) => {
    const { password } = await changeUser(user.username, { reset_password: true });
    setGiven({ username: user.username, password: password ?? "" });
  };
  return (
    <>
      <div class="row wrap">
        <p class="secondary">People who come through single sign-on appear at their first login; their role follows their groups.</p>
        {admin ? <button type="button" class="button primary push" onClick={() => setAdding(true)}>Add a person</button> : null}
      </div>
      <Show result={list.result} retry={list.reload}>
        {(data) => (
          <section class="card">
            {data.items.length
              ? <Table label="Users" columns={columns} rows={data.items} rowKey={(row) => row.username} />
              : <Empty icon="user" title="No users" />}
          </section>
        )}
      </Show>
      {adding ? <AddUserDialog onClose={() => setAdding(false)} done={added} /> : null}
      {removing ? (
        <ConfirmDialog title={`Remove ${removing.username}`} action="Remove" onClose={() => setRemoving(null)} run={() => remove(removing)}>
          Their sessions end now. What they did stays in the audit log.
        </ConfirmDialog>
      ) : null}
      {resetting ? (
        <ConfirmDialog title={`Reset the password of ${resetting.username}`} action="Reset" onClose={() => setResetting(null)} run={() => reset(resetting)}>
          Their sessions end now, and the old password is good for nothing.
        </ConfirmDialog>
      ) : null}
      {given ? <SecretDialog title={`One-time password of ${given.username}`} secret={given.password} what="Password" note="It is good for one login, which asks for another. It will not be shown again." onClose={() => setGiven(null)} /> : null}
    </>
  );
}
