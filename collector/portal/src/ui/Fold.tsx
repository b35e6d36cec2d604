import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { count } from "../lib/text";

/** The first `most` of a long list, and a button for the others. */
export function useFold<T>(items: T[], most: number, noun: string): { shown: T[]; more: ComponentChildren } {
  const [open, setOpen] = useState(false);
  // One that hides almost nothing only stands in the way.
  if (open || items.length <= most + 3) return { shown: items, more: null };
  return {
    shown: items.slice(0, most),
    more: (
      <div class="state more-state">
        <button type="button" class="button" onClick={() => setOpen(true)}>Show all {count(items.length, noun)}</button>
      </div>
    ),
  };
}
