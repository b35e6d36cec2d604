// Line icons, 24 units, drawn for this portal.
const kPaths = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  alert: "M12 9v4M12 17h.01M10.3 4.2 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0z",
  incident: "M6 6a2 2 0 1 0 0-.01M18 12a2 2 0 1 0 0-.01M6 18a2 2 0 1 0 0-.01M8 6.5l8 4.5M8 17.5l8-4.5",
  inventory: "M12 3 4 7v10l8 4 8-4V7zM4 7l8 4 8-4M12 11v10",
  coverage: "M12 18a6 6 0 1 1 6-6M12 14a2 2 0 1 1 2-2M12 22A10 10 0 1 1 22 12M12 12l8 8",
  fleet: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  policy: "M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6zM9 12l2 2 4-4",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  audit: "M7 3h10v18H7zM10 8h4M10 12h4M10 16h2",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.5 16.5 21 21",
  close: "M6 6l12 12M18 6 6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5 19 19M19 5l-1.5 1.5M6.5 17.5 5 19",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  auto: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5h.01",
  logout: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  download: "M12 4v11M7.5 11 12 15.5 16.5 11M4 20h16",
  chevron: "M9 6l6 6-6 6",
  check: "M5 12.5 10 17.5 19.5 7",
  quiet: "M4 4l16 16M9 5.5A6 6 0 0 1 18 11v3l2 3H8M6 9.5V14l-2 3h2M10 20h4",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
  prompt: "M4 5h16v11H10l-5 4v-4H4z",
  tool: "M14.5 6.5a4 4 0 0 0-5 5L4 17v3h3l5.5-5.5a4 4 0 0 0 5-5L15 12l-3-3z",
  process: "M4 5h16v14H4zM7.5 9.5l3 2.5-3 2.5M13 15h4",
  connection: "M9 15l6-6M10 6.5l1.5-1.5a4.2 4.2 0 0 1 6 6L16 12.5M14 17.5 12.5 19a4.2 4.2 0 0 1-6-6L8 11.5",
  answer: "M20 5H4v11h10l5 4v-4h1zM8 9.5h8M8 12.5h5",
  finding: "M12 4v9M12 17h.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  empty: "M4 13 7 5h10l3 8v6H4zM4 13h5l1.5 2.5h3L15 13h5",
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={kPaths[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0d4f70" />
      <g fill="none" stroke="#9adcf7" stroke-width="2.4" stroke-linecap="round">
        <path d="M16 5v12" />
        <path d="M10.5 13.5a7 7 0 1 0 11 0" />
        <path d="M6 10.5a12 12 0 1 0 20 0" opacity=".45" />
      </g>
      <circle cx="16" cy="19" r="2.6" fill="#fff" />
    </svg>
  );
}
