import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { toApiError } from "../lib/hooks";
import { Dialog } from "./Dialog";

/** Asks before something that cannot be undone. */
export function ConfirmDialog({ title, action, run, onClose, children }: {
  title: string; action: string; run: () => Promise<void>; onClose: () => void; children: ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const confirm = async () => {
    setBusy(true);
    try {
      await run();
      onClose();
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="secondary">{children}</div>
      {failure ? <p class="banner error" role="alert">{failure}</p> : null}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>Cancel</button>
        <button type="button" class="button danger" disabled={busy} onClick={confirm}>{action}</button>
      </div>
    </Dialog>
  );
}
