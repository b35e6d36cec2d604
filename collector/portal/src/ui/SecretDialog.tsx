import { Dialog } from "./Dialog";
import { copyText } from "./JsonView";

/** Shows a secret this once. */
export function SecretDialog({ title, secret, what, note, onClose }: {
  title: string; secret: string; what: string; note: string; onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="secondary">{note}</p>
      <code class="json break">{secret}</code>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => copyText(secret, what)}>Copy</button>
        <button type="button" class="button primary" onClick={onClose}>Done</button>
      </div>
    </Dialog>
  );
}
