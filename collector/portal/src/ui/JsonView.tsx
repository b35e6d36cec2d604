import { useState } from "preact/hooks";

import type { Json } from "../api/types";
import { visibleString } from "../lib/text";
import { Icon } from "./Icon";
import { toast, toastError } from "./Toast";

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch (error) {
    toastError(error);
  }
}

/** Folded until asked for; copies exactly what was sent, shows what cannot be seen. */
export function JsonView({ title, value }: { title: string; value: Json }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="card fold" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {open ? (
        <div class="body stack">
          <div>
            <button type="button" class="button small" onClick={() => copyText(JSON.stringify(value, null, 2), "JSON")}>
              <Icon name="copy" size={15} />Copy JSON
            </button>
          </div>
          <pre class="json" tabIndex={0} role="region" aria-label={title}>{visibleString(JSON.stringify(value, null, 2))}</pre>
        </div>
      ) : null}
    </details>
  );
}
