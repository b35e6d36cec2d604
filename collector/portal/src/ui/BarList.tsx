import type { Count } from "../api/types";
import { formatCompact, formatNumber } from "../lib/text";
import { Safe } from "./Safe";

/** A ranking: label, amount and a bar; each row leads to what it counts. */
export function BarList({ items, link, label, empty }: {
  items: Count[]; link: (key: string) => string; label?: (key: string) => string; empty: string;
}) {
  const most = Math.max(1, ...items.map((item) => item.count));
  if (!items.length) return <p class="muted small">{empty}</p>;
  return (
    <ol class="bars">
      {items.map((item) => (
        <li key={item.key}>
          <a class="bar" href={link(item.key)}>
            <span class="truncate"><Safe text={label ? label(item.key) : item.key} /></span>
            <span class="amount" title={formatNumber(item.count)}>{formatCompact(item.count)}</span>
            <span class="track" aria-hidden="true"><i style={{ inlineSize: `${(item.count / most) * 100}%` }} /></span>
          </a>
        </li>
      ))}
    </ol>
  );
}
