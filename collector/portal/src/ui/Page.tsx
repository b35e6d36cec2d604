import type { ComponentChildren } from "preact";

import { useTitle } from "../lib/hooks";

export function Page({ title, lead, tools, children }: {
  title: string; lead?: string; tools?: ComponentChildren; children: ComponentChildren;
}) {
  useTitle(title);
  return (
    <div class="page">
      <div class="page-head">
        <h1>{title}</h1>
        {tools ? <div class="tools">{tools}</div> : null}
        {lead ? <p class="lead">{lead}</p> : null}
      </div>
      {children}
    </div>
  );
}
