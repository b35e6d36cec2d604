import { useEffect, useRef, useState } from "preact/hooks";

import { useDebounced } from "../lib/hooks";
import { setQuery } from "../lib/router";
import { absolute, kPeriods } from "../lib/time";
import { visibleString } from "../lib/text";
import { values } from "../lib/filters";
import { Icon } from "./Icon";

export interface Option { value: string; label: string }

/** A filter with several values: a button that opens a list of check boxes. */
export function FilterMenu({ name, label, options, query }: {
  name: string; label: string; options: readonly Option[]; query: URLSearchParams;
}) {
  const details = useRef<HTMLDetailsElement>(null);
  const chosen = values(query, name);
  useCloseOutside(details);
  const toggle = (value: string) => {
    const next = chosen.includes(value) ? chosen.filter((entry) => entry !== value) : [...chosen, value];
    setQuery({ [name]: next.join(",") });
  };
  return (
    <details class="menu" ref={details}>
      <summary class="button" aria-label={`${label}${chosen.length ? `, ${chosen.length} chosen` : ""}`}>
        {label}
        {chosen.length ? <span class="pill">{chosen.length}</span> : null}
      </summary>
      <div class="panel" role="group" aria-label={label}>
        {options.map((option) => (
          <label key={option.value} class="option">
            <input type="checkbox" checked={chosen.includes(option.value)} onChange={() => toggle(option.value)} />
            {option.label}
          </label>
        ))}
      </div>
    </details>
  );
}

function useCloseOutside(details: { current: HTMLDetailsElement | null }): void {
  useEffect(() => {
    const close = (event: Event) => {
      const element = details.current;
      if (!element?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== "Escape") return;
        element.open = false;
        element.querySelector("summary")?.focus();
      } else if (!element.contains(event.target as Node)) {
        element.open = false;
      }
    };
    document.addEventListener("click", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
}

export function SearchField({ query, label }: { query: URLSearchParams; label: string }) {
  const shown = query.get("q") ?? "";
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const commit = useDebounced((value) => setQuery({ q: value.trim() }), 300);
  return (
    <div class="search" role="search">
      <Icon name="search" size={16} />
      <input class="field" type="search" data-search aria-label={label} placeholder={label} value={text} maxLength={512}
        onInput={(event) => { setText(event.currentTarget.value); commit(event.currentTarget.value); }}
        onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }} />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

export function PeriodSelect({ query, fallback = "" }: { query: URLSearchParams; fallback?: string }) {
  const custom = query.get("since") !== null || query.get("until") !== null;
  return (
    <select class="field" aria-label="Period" value={custom ? "custom" : query.get("period") ?? fallback}
      onChange={(event) => setQuery({ period: event.currentTarget.value, since: null, until: null })}>
      {fallback ? null : <option value="">Any time</option>}
      {custom ? <option value="custom">Chosen range</option> : null}
      {kPeriods.map((period) => <option key={period.key} value={period.key}>{period.label}</option>)}
    </select>
  );
}

/** Filters that have no control of their own, and ranges, each with a way out. */
export function FilterChips({ query, names, labels }: {
  query: URLSearchParams; names: readonly string[]; labels: Record<string, string>;
}) {
  const chips = names.flatMap((name) => values(query, name).map((value) => ({ name, value, label: labels[name] ?? name })));
  const since = query.get("since");
  const until = query.get("until");
  const drop = (name: string, value: string) =>
    setQuery({ [name]: values(query, name).filter((entry) => entry !== value).join(",") });
  if (!chips.length && !since && !until) return null;
  return (
    <div class="filters" aria-label="Filters in use" role="group">
      {chips.map((chip) => (
        <Chip key={chip.name + chip.value} text={`${chip.label}: ${visibleString(chip.value)}`} remove={() => drop(chip.name, chip.value)} />
      ))}
      {since || until ? (
        <Chip text={`${since ? absolute(Number(since)) : "…"} to ${until ? absolute(Number(until)) : "now"}`}
          remove={() => setQuery({ since: null, until: null })} />
      ) : null}
    </div>
  );
}

function Chip({ text, remove }: { text: string; remove: () => void }) {
  return (
    <span class="chip">
      <span class="truncate">{text}</span>
      <button type="button" aria-label={`Remove filter ${text}`} onClick={remove}><Icon name="close" size={13} /></button>
    </span>
  );
}
