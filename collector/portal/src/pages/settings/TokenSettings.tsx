import { useState } from "preact/hooks";

import { createToken, listTokens, revokeToken } from "../../api/resources";
import type { Role, Token } from "../../api/types";
import { toApiError, useQuery } from "../../lib/hooks";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { Dialog } from "../../ui/Dialog";
import { Safe } from "../../ui/Safe";
import { SecretDialog } from "../../ui/SecretDialog";
import { Empty, Show } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";

export function TokenSettings() {
  const list = useQuery("tokens", listTokens);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const columns: Column<Token>[] = [
    { head: "Name", cell: (row) => <strong><Safe text={row.name} /></strong> },
    { head: "Role", cell: (row) => row.role },
    { head: "Created", cell: (row) => <Time at={row.created_at} /> },
    { head: "Expires", cell: (row) => (row.expires_at ? <Time at={row.expires_at} /> : "never") },
    { head: "Last used", cell: (row) => (row.last_used_at ? <Time at={row.last_used_at} /> : "never") },
    { head: "", cell: (row) => <button type="button" class="button small" onClick={() => setRevoking(row)}>Revoke</button> },
  ];
  return (
    <>
      <div class="row wrap">
        <p class="secondary">For programs. A token is shown once, when it is created; only its hash is stored.</p>
        <button type="button" class="button primary push" onClick={() => setCreating(true)}>Create a token</button>
      </div>
      <Show result={list.result} retry={list.reload}>
        {(data) => (
          <section class="card">
            {data.items.length ? <Table label="Tokens" columns={columns} rows={data.items} rowKey={(row) => row.id} /> : <Empty title="No tokens" />}
          </section>
        )}
      </Show>
      {creating ? <CreateDialog onClose={() => { setCreating(false); list.reload(); }} /> : null}
      {revoking ? (
        <ConfirmDialog title={`Revoke the token “${revoking.name}”`} action="Revoke" onClose={() => setRevoking(null)}
          run={async () => { await revokeToken(revoking.id); list.reload(); }}>
          Programs that use it are refused from now on.
        </ConfirmDialog>
      ) : null}
    </>
  );
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("365");
  const [secret, setSecret] = useState("");
  const [failure, setFailure] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      const token = await createToken(name.trim(), role, days ? Number(days) : undefined);
      setSecret(token.secret);
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
    }
  };
  if (secret) return <SecretDialog title="Copy the token now" secret={secret} what="Token" note="It will not be shown again." onClose={onClose} />;
  return (
    <Dialog title="Create a token" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <label class="label">Name
          <input class="field" required maxLength={128} value={name} onInput={(event) => setName(event.currentTarget.value)} />
          <span class="hint">{role === "agent" ? "The id of the agent that will use it" : "What will use it"}</span>
        </label>
        <label class="label">Role
          <select class="field" value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
            <option value="viewer">viewer</option><option value="analyst">analyst</option><option value="admin">admin</option><option value="agent">agent</option>
          </select>
        </label>
        <label class="label">Valid for
          <select class="field" value={days} onChange={(event) => setDays(event.currentTarget.value)}>
            <option value="30">30 days</option><option value="90">90 days</option><option value="365">A year</option><option value="">For ever</option>
          </select>
        </label>
        {failure ? <p class="banner error" role="alert">{failure}</p> : null}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button primary" disabled={!name.trim()}>Create</button>
        </div>
      </form>
    </Dialog>
  );
}
