// Merge and split by hand.
import { useState } from "preact/hooks";

import { listIncidents, mergeIncidents } from "../api/resources";
import type { IncidentSummary } from "../api/types";
import { toApiError, useQuery } from "../lib/hooks";
import { count } from "../lib/text";
import { SeverityBadge } from "./Badge";
import { Dialog } from "./Dialog";
import { Safe } from "./Safe";
import { Show } from "./States";
import { Time } from "./Time";

export function MergeDialog({ into, onClose, done }: { into: IncidentSummary; onClose: () => void; done: () => void }) {
  const others = useQuery("merge candidates", (signal) => listIncidents({ limit: 50 }, signal));
  const [chosen, setChosen] = useState<string[]>([]);
  const [failure, setFailure] = useState("");
  const toggle = (uid: string) => setChosen((old) => (old.includes(uid) ? old.filter((other) => other !== uid) : [...old, uid]));
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await mergeIncidents(into.uid, chosen);
      done();
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
    }
  };
  return (
    <Dialog title="Merge other incidents into this one" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <p class="secondary">Their alerts move here and stay here: correlation does not move them again.</p>
        <Show result={others.result} retry={others.reload} rows={4}>
          {(page) => (
            <ul class="stack tight choice">
              {page.items.filter((incident) => incident.uid !== into.uid).map((incident) => (
                <li key={incident.uid}>
                  <label class="row">
                    <input type="checkbox" checked={chosen.includes(incident.uid)} onChange={() => toggle(incident.uid)} />
                    <SeverityBadge severity={incident.severity} />
                    <span class="stack tight">
                      <Safe text={incident.title} />
                      <span class="muted small">{count(incident.alert_count, "alert")}, <Time at={incident.last_time} /></span>
                    </span>
                  </label>
                </li>
              ))}
            </ul>
          )}
        </Show>
        {failure ? <p class="banner error" role="alert">{failure}</p> : null}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button primary" disabled={!chosen.length}>Merge</button>
        </div>
      </form>
    </Dialog>
  );
}
