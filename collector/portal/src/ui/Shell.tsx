import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Role } from "../api/types";
import type { LiveState } from "../api/events";
import { useLive } from "../lib/hooks";
import { focusSearch, moveRow, useKeys } from "../lib/keyboard";
import { navigate, remembered, useLocation } from "../lib/router";
import { allows, useSession } from "../lib/session";
import { applyTheme, currentTheme, type Theme } from "../lib/theme";
import { HelpDialog } from "./HelpDialog";
import { Icon, Logo, type IconName } from "./Icon";

interface NavItem { path: string; label: string; icon: IconName; least?: Role }

const kNavigation: { title: string; items: NavItem[] }[] = [
  { title: "Respond", items: [
    { path: "/", label: "Overview", icon: "overview" },
    { path: "/incidents", label: "Incidents", icon: "incident" },
    { path: "/alerts", label: "Alerts", icon: "alert" },
  ] },
  { title: "Observe", items: [
    { path: "/inventory", label: "Inventory", icon: "inventory" },
    { path: "/coverage", label: "Coverage", icon: "coverage" },
    { path: "/fleet", label: "Fleet", icon: "fleet" },
  ] },
  { title: "Administer", items: [
    { path: "/policies", label: "Policies", icon: "policy" },
    { path: "/settings", label: "Settings", icon: "settings" },
    { path: "/audit", label: "Audit", icon: "audit", least: "admin" },
  ] },
];

const isAt = (path: string, item: string) => (item === "/" ? path === "/" : path === item || path.startsWith(`${item}/`));

function Navigation({ path, role }: { path: string; role: Role }) {
  return (
    <nav aria-label="Portal">
      {kNavigation.map((group) => (
        <div key={group.title}>
          <h2>{group.title}</h2>
          <ul>
            {group.items.filter((item) => allows(role, item.least ?? "viewer")).map((item) => (
              <li key={item.path}>
                <a class="side-link" href={item.path} aria-current={isAt(path, item.path) ? "page" : undefined}>
                  <Icon name={item.icon} />
                  {item.label}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

const kThemes: { theme: Theme; icon: IconName; label: string }[] = [
  { theme: "auto", icon: "auto", label: "Colours of the system" },
  { theme: "light", icon: "sun", label: "Light" },
  { theme: "dark", icon: "moon", label: "Dark" },
];

function ThemeSwitch() {
  const [theme, setTheme] = useState(currentTheme);
  return (
    <div class="segmented" role="group" aria-label="Colours">
      {kThemes.map((entry) => (
        <button key={entry.theme} type="button" aria-pressed={theme === entry.theme} title={entry.label} aria-label={entry.label}
          onClick={() => { applyTheme(entry.theme); setTheme(entry.theme); }}>
          <Icon name={entry.icon} size={16} />
        </button>
      ))}
    </div>
  );
}

const kLive: Record<LiveState, { tone: string; label: string; title: string }> = {
  connecting: { tone: "", label: "Connecting", title: "Opening the collector's event stream" },
  live: { tone: "good", label: "Live", title: "New alerts appear by themselves" },
  lost: { tone: "warn", label: "Not live", title: "The collector's event stream is interrupted; trying again" },
};

function LiveTag() {
  const [state, setState] = useState<LiveState>("connecting");
  useLive({ state: setState });
  const { tone, label, title } = kLive[state];
  return <span class={`tag ${tone}`} title={title}><span class="dot" />{label}</span>;
}

const kGo: Record<string, string> = { o: "/", i: "/incidents", a: "/alerts", v: "/inventory", c: "/coverage", f: "/fleet" };

/** "g" and then a letter within a second. */
function useGoKeys(help: () => void): void {
  const pending = useRef(0);
  const go = (key: string) => () => {
    const target = kGo[key];
    if (Date.now() - pending.current < 1000 && target) navigate(remembered(target));
    pending.current = 0;
  };
  useKeys({
    g: () => { pending.current = Date.now(); },
    o: go("o"), i: go("i"), a: go("a"), v: go("v"), c: go("c"), f: go("f"),
    "/": focusSearch,
    "?": help,
    j: () => moveRow(1),
    k: () => moveRow(-1),
  }, "shell");
}

export function Shell({ children }: { children: ComponentChildren }) {
  const { me, signOut } = useSession();
  const { path } = useLocation();
  const [menu, setMenu] = useState(false);
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useGoKeys(() => setHelp(true));
  useEffect(() => {
    setMenu(false);
    // A new page starts at its top for the keyboard and the screen reader too.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);

  return (
    <div class="shell" data-menu={menu ? "open" : "closed"}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to content</a>
      <header class="topbar">
        <button type="button" class="button quiet icon" aria-label="Menu" aria-expanded={menu} onClick={() => setMenu(!menu)}>
          <Icon name="menu" />
        </button>
        <a class="brand" href="/"><Logo />Sonde</a>
        <span class="end"><LiveTag /></span>
      </header>
      <aside class="side" aria-label="Navigation">
        <a class="brand" href="/"><Logo />Sonde</a>
        <Navigation path={path} role={me.role} />
        <div class="side-foot">
          <div class="row"><ThemeSwitch /><LiveTag /></div>
          <button type="button" class="side-link button quiet" onClick={() => setHelp(true)}>
            <Icon name="help" />Keyboard help
          </button>
          <div class="row">
            <span class="truncate small" title={`Role: ${me.role}`}>{me.username} <span class="muted">({me.role})</span></span>
            <button type="button" class="button quiet icon" aria-label="Log out" title="Log out" onClick={signOut}>
              <Icon name="logout" />
            </button>
          </div>
        </div>
      </aside>
      {menu ? <button type="button" class="scrim" aria-label="Close the menu" onClick={() => setMenu(false)} /> : null}
      <main class="main" id="main" tabIndex={-1} ref={main}>{children}</main>
      {help ? <HelpDialog onClose={() => setHelp(false)} /> : null}
    </div>
  );
}
