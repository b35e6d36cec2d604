// The address bar is the state: every page and every filter can be sent to a colleague.
import { useEffect, useState } from "preact/hooks";

export interface Location { path: string; query: URLSearchParams }

type Listener = () => void;
const listeners = new Set<Listener>();
/** The list a page was opened from, so that "back to alerts" keeps its filters. */
const lastQuery = new Map<string, string>();

function read(): Location {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

function notify(): void {
  lastQuery.set(window.location.pathname, window.location.search);
  for (const listener of [...listeners]) listener();
}

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === window.location.pathname + window.location.search) return;
  if (options.replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  notify();
}

export function setQuery(changes: Record<string, string | null>, replace = true): void {
  const query = new URLSearchParams(window.location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString().replace(/%2C/g, ",");
  navigate(window.location.pathname + (text ? `?${text}` : ""), { replace });
}

/** `path` with the filters it last had. */
export function remembered(path: string): string {
  return path + (lastQuery.get(path) ?? "");
}

export function useLocation(): Location {
  const [location, setLocation] = useState(read);
  useEffect(() => {
    const listener = () => setLocation(read());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return location;
}

function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

/** Turns clicks on same-origin links into navigation without a reload. */
export function startRouter(): void {
  lastQuery.set(window.location.pathname, window.location.search);
  window.addEventListener("popstate", notify);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || !isPlainClick(event)) return;
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!link || link.hasAttribute("download") || link.getAttribute("target")) return;
    const url = new URL(link.getAttribute("href") ?? "", window.location.href);
    if (url.origin !== window.location.origin || url.pathname.startsWith("/api/")) return;
    if (url.hash && url.pathname === window.location.pathname) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
    window.scrollTo(0, 0);
  });
}

export interface Route<T> { pattern: string; page: T }

/** Patterns are paths with `:name` for one segment. */
export function match<T>(
  routes: readonly Route<T>[], path: string,
): { page: T; parameters: Record<string, string> } | null {
  const segments = path.split("/").filter(Boolean);
  for (const route of routes) {
    const parameters = matchPattern(route.pattern.split("/").filter(Boolean), segments);
    if (parameters) return { page: route.page, parameters };
  }
  return null;
}

function matchPattern(pattern: string[], segments: string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (part.startsWith(":")) {
      try {
        parameters[part.slice(1)] = decodeURIComponent(segment);
      } catch {
        return null;
      }
    } else if (part !== segment) {
      return null;
    }
  }
  return parameters;
}
