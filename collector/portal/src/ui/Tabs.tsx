export interface Tab { key: string; label: string }

/** Tabs are links: each has an address of its own. */
export function Tabs({ label, tabs, current, link }: {
  label: string; tabs: readonly Tab[]; current: string; link: (key: string) => string;
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.key} href={link(tab.key)} aria-current={tab.key === current ? "page" : undefined}>{tab.label}</a>
      ))}
    </nav>
  );
}
