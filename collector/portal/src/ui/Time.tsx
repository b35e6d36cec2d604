import { useNow } from "../lib/hooks";
import { absolute, relative } from "../lib/time";

/** How long ago; the exact time on hover and for machines. With `both`, both are written out. */
export function Time({ at, both = false }: { at: number; both?: boolean }) {
  const now = useNow();
  const exact = absolute(at);
  const iso = new Date(at).toISOString();
  return (
    <time dateTime={iso} title={`${exact} (${iso})`} class="nowrap">
      {both ? `${exact} · ${relative(at, now)}` : relative(at, now)}
    </time>
  );
}
