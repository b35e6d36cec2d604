// Keys of the portal. Lists mark their rows with `data-row`; a page may add keys of its own.
import { useEffect, useRef } from "preact/hooks";

export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

function isTyping(target: EventTarget | null): boolean {
  const element = target instanceof HTMLElement ? target : null;
  if (!element) return false;
  return element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
}

/**
 * Handlers for single keys, off while the reader types or a dialog is open. Those of a page come
 * before those of the shell.
 */
export function useKeys(keys: KeyMap, owner: "page" | "shell" = "page"): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const handler = Object.hasOwn(current.current, event.key) ? current.current[event.key] : undefined;
      if (!handler) return;
      event.preventDefault();
      handler(event);
    };
    const capture = owner === "page";
    document.addEventListener("keydown", listener, { capture });
    return () => document.removeEventListener("keydown", listener, { capture });
  }, [owner]);
}

/** Moves focus to the next (1) or previous (-1) row of the list on the page. */
export function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + step));
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: "nearest" });
}

export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("[data-search]");
  field?.focus();
  field?.select();
}
