import { useRef, useState } from "preact/hooks";

import { changePassword } from "../api/resources";
import type { Me } from "../api/types";
import { toApiError } from "../lib/hooks";

/** Asks for the current password and, twice, for another. */
export function PasswordForm({ currentLabel, done }: { currentLabel: string; done: (me: Me) => void }) {
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const current = useRef<HTMLInputElement>(null);
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (first.current?.value !== second.current?.value) {
      setFailure("The two new passwords are not the same.");
      second.current?.select();
      return;
    }
    setBusy(true);
    setFailure("");
    try {
      const me = await changePassword(current.current?.value ?? "", first.current?.value ?? "");
      form.current?.reset();
      done(me);
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
    }
    setBusy(false);
  };

  return (
    <form class="stack" ref={form} onSubmit={submit}>
      <label class="label">{currentLabel}
        <input class="field" ref={current} name="current" type="password" autocomplete="current-password" required maxLength={1024} />
      </label>
      <label class="label">New password
        <input class="field" ref={first} name="new" type="password" autocomplete="new-password" required minLength={12} maxLength={1024} />
        <span class="hint">12 characters or more. Length counts, not kinds of characters.</span>
      </label>
      <label class="label">New password, again
        <input class="field" ref={second} name="again" type="password" autocomplete="new-password" required minLength={12} maxLength={1024} />
      </label>
      {failure ? <p class="banner error" role="alert">{failure}</p> : null}
      <button class="button primary" type="submit" disabled={busy}>{busy ? "Changing…" : "Change password"}</button>
    </form>
  );
}
