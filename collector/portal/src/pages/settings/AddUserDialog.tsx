import { useState } from "preact/hooks";

import { createUser } from "../../api/resources";
import type { Role } from "../../api/types";
import { toApiError } from "../../lib/hooks";
import { Dialog } from "../../ui/Dialog";

export const kRoles: Role[] = ["viewer", "analyst", "admin"];
export const kMay: Record<Role, string> = {
  viewer: "reads alerts, incidents and the fleet",
  analyst: "works on alerts and incidents, suppresses, exports",
  admin: "manages people, tokens and sensors, reads the audit log",
  agent: "delivers alerts",
};

export interface Given { username: string; password: string }

export function AddUserDialog({ onClose, done }: { onClose: () => void; done: (given: Given) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("analyst");
  const [failure, setFailure] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      done(await createUser(name.trim(), role));
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
    }
  };
  return (
    <Dialog title="Add a person" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <label class="label">User name
          <input class="field" required maxLength={128} autocapitalize="none" spellcheck={false} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <label class="label">Role
          <select class="field" value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
            {kRoles.map((entry) => <option key={entry} value={entry}>{entry}</option>)}
          </select>
          <span class="hint">{kMay[role]}</span>
        </label>
        {failure ? <p class="banner error" role="alert">{failure}</p> : null}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button primary" disabled={!name.trim()}>Add</button>
        </div>
      </form>
    </Dialog>
  );
}
