// "auto" follows the system; the choice is kept in this browser only.
import { useEffect, useState } from "preact/hooks";

export type Theme = "auto" | "light" | "dark";

const kKey = "sonde.theme";
const listeners = new Set<() => void>();

export function currentTheme(): Theme {
  try {
    const stored = localStorage.getItem(kKey);
    if (stored === "light" || stored === "dark") return stored;
  } catch {
    // Storage may be switched off; then the system decides.
  }
  return "auto";
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  try {
    if (theme === "auto") localStorage.removeItem(kKey);
    else localStorage.setItem(kKey, theme);
  } catch {
    // The choice then lasts until the page is closed.
  }
  for (const listener of [...listeners]) listener();
}

/** Counts changes of the colours, for what is painted on a canvas. */
export function useThemeVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = () => setVersion((value) => value + 1);
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    listeners.add(changed);
    system.addEventListener("change", changed);
    return () => {
      listeners.delete(changed);
      system.removeEventListener("change", changed);
    };
  }, []);
  return version;
}

/** The colour a custom property stands for now, as canvas understands it. */
export function resolveColor(property: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
