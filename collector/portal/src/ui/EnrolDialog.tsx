import { useState } from "preact/hooks";

import { inviteAgent } from "../api/resources";
import { toApiError } from "../lib/hooks";
import { Dialog } from "./Dialog";
import { SecretDialog } from "./SecretDialog";

/** A one-time token for a new sensor. */
export function EnrolDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      setToken((await inviteAgent(name.trim())).token);
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
    }
  };
  if (token) return <SecretDialog title={`Enrolment token for ${name.trim()}`} secret={token} what="Token" note="Give it to the sensor: it gets a certificate for it, once, within 24 hours. It will not be shown again." onClose={onClose} />;
  return (
    <Dialog title="Enrol a sensor" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <label class="label">Id of the sensor
          <input class="field" required maxLength={128} autocapitalize="none" spellcheck={false} value={name} onInput={(event) => setName(event.currentTarget.value)} />
          <span class="hint">For example the host’s name</span>
        </label>
        {failure ? <p class="banner error" role="alert">{failure}</p> : null}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button primary" disabled={!name.trim()}>Make a token</button>
        </div>
      </form>
    </Dialog>
  );
}
