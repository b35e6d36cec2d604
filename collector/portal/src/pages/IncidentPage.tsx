import { useState } from "preact/hooks";

import { commentIncident, getIncident, incidentExportUrl, listIncidents, patchIncident, splitIncident } from "../api/resources";
import type { IncidentAlert, IncidentDetail, WorkPatch } from "../api/types";
import { rememberOrder } from "../lib/alertlist";
import { useLive, useQuery, useTitle, type Query } from "../lib/hooks";
import { useKeys } from "../lib/keyboard";
import { navigate, remembered } from "../lib/router";
import { useAllowed } from "../lib/session";
import { severityLabel } from "../lib/severity";
import { kStages, stageLabel } from "../lib/taxonomy";
import { count, visibleString } from "../lib/text";
import { AlertRow } from "../ui/AlertRow";
import { SeverityBadge } from "../ui/Badge";
import { useFold } from "../ui/Fold";
import { Icon } from "../ui/Icon";
import { MergeDialog } from "../ui/MoveDialogs";
import { Safe } from "../ui/Safe";
import { Show } from "../ui/States";
import { StoryGraph } from "../ui/StoryGraph";
import { SuppressDialog } from "../ui/SuppressDialog";
import { Time } from "../ui/Time";
import { Timeline } from "../ui/Timeline";
import { toast, toastError } from "../ui/Toast";
import { Comments, WorkBar } from "../ui/Work";

export function IncidentPage({ parameters }: { parameters: Record<string, string> }) {
  const uid = parameters["uid"] ?? "";
  const detail = useQuery(`incident/${uid}`, (signal) => getIncident(uid, signal));
  useKeys({ u: () => navigate(remembered("/incidents")) });
  useLive({
    incidentUpdated: (incident) => {
      if (incident.uid !== uid) return;
      // New alerts bring new steps and edges, which only the whole story has.
      if (incident.alert_count !== detail.result.data?.alert_count) detail.reload();
      else detail.mutate((old) => ({ ...old, ...incident }));
    },
    gap: detail.reload,
  });
  useTitle(detail.result.data ? visibleString(detail.result.data.title) : "Incident");
  return (
    <div class="page">
      <nav class="row small" aria-label="Position"><a href={remembered("/incidents")}>Incidents</a></nav>
      <Show result={detail.result} retry={detail.reload} heading="h1">
        {(incident) => <IncidentView incident={incident} detail={detail} />}
      </Show>
    </div>
  );
}

function IncidentView({ incident, detail }: { incident: IncidentDetail; detail: Query<IncidentDetail> }) {
  const comment = async (text: string) => {
    const added = await commentIncident(incident.uid, text);
    detail.mutate((old) => ({ ...old, comments: [...old.comments, added] }));
  };
  return (
    <>
      <IncidentHead incident={incident} detail={detail} />
      <section class="card">
        <header><h2>Attack story</h2><Stages incident={incident} /></header>
        <div class="body"><StoryGraph nodes={incident.graph.nodes} edges={incident.graph.edges} /></div>
      </section>
      <div class="two">
        <div class="stack">
          <section class="card first">
            <header><h2>Timeline</h2></header>
            <div class="body"><Timeline steps={incident.timeline} /></div>
          </section>
          <Alerts incident={incident} reload={detail.reload} />
          <Comments comments={incident.comments} add={comment} />
        </div>
        <div class="stack rail">
          <Remediation steps={incident.remediation} />
          <Entities incident={incident} />
          <Related incident={incident} />
        </div>
      </div>
    </>
  );
}

/** The first alert of each type: a suppression is for one type. */
function oneOfEach(alerts: IncidentAlert[]): IncidentAlert[] {
  return [...new Map([...alerts].reverse().map((alert) => [`${alert.alert} ${alert.application}`, alert])).values()].reverse();
}

function IncidentHead({ incident, detail }: { incident: IncidentDetail; detail: Query<IncidentDetail> }) {
  const analyst = useAllowed("analyst");
  const [merging, setMerging] = useState(false);
  const [suppressing, setSuppressing] = useState(false);
  const suppress = () => setSuppressing(true);
  const patch = async (change: WorkPatch) => {
    const now = await patchIncident(incident.uid, change);
    detail.mutate((old) => ({ ...old, ...now }));
  };
  const merged = () => {
    setMerging(false);
    toast("Merged");
    detail.reload();
  };
  return (
    <header class="stack">
      <div class="row wrap">
        <SeverityBadge severity={incident.severity} />
        <span class="secondary">{count(incident.alert_count, "alert")}</span>
        <span class="muted small">began <Time at={incident.first_time} both />, last activity <Time at={incident.last_time} /></span>
      </div>
      <h1 class="headline"><Safe text={incident.title} /></h1>
      <WorkBar work={incident} patch={patch}>
        {analyst ? (
          <>
            <button type="button" class="button quiet" onClick={() => setMerging(true)}>Merge</button>
            <button type="button" class="button quiet" onClick={suppress}><Icon name="quiet" size={16} />Suppress similar</button>
            <a class="button quiet" href={incidentExportUrl(incident.uid, "stix")} download>STIX</a>
            <a class="button quiet" href={incidentExportUrl(incident.uid, "ocsf")} download>OCSF</a>
          </>
        ) : null}
      </WorkBar>
      {incident.severity_of_alerts && incident.severity_of_alerts !== incident.severity ? (
        <p class="banner">
          A person set this to {severityLabel[incident.severity].toLowerCase()}; by its alerts it would be {severityLabel[incident.severity_of_alerts].toLowerCase()}.
        </p>
      ) : null}
      {analyst && incident.classification === "false_positive" && incident.status !== "suppressed" ? (
        <p class="banner">
          Marked as a false positive. Should alerts like these be kept quiet from now on?
          <button type="button" class="button small" onClick={suppress}>Keep their like quiet</button>
        </p>
      ) : null}
      {suppressing && incident.alerts[0] ? (
        <SuppressDialog alert={incident.alerts[0]} others={oneOfEach(incident.alerts)} value={null} onClose={() => setSuppressing(false)} />
      ) : null}
      {merging ? <MergeDialog into={incident} onClose={() => setMerging(false)} done={merged} /> : null}
    </header>
  );
}

function Stages({ incident }: { incident: IncidentDetail }) {
  const reached = new Set([incident.stage, ...incident.alerts.map((alert) => alert.stage)]);
  return (
    <ol class="stages end" aria-label="Stages of the attack">
      {kStages.map((stage) => (
        <li key={stage} class={stage === incident.stage ? "last" : reached.has(stage) ? "reached" : ""}>
          {stageLabel[stage]}
          <span class="hidden-visually">{stage === incident.stage ? " (furthest reached)" : reached.has(stage) ? " (reached)" : " (not reached)"}</span>
        </li>
      ))}
    </ol>
  );
}

function Alerts({ incident, reload }: { incident: IncidentDetail; reload: () => void }) {
  const analyst = useAllowed("analyst");
  const [picked, setPicked] = useState<string[]>([]);
  const canSplit = analyst && incident.alerts.length > 1;
  const toggle = (uid: string) => setPicked((old) => (old.includes(uid) ? old.filter((other) => other !== uid) : [...old, uid]));
  const split = async () => {
    try {
      const made = await splitIncident(incident.uid, picked);
      setPicked([]);
      toast(`Moved into “${visibleString(made.title)}”`);
      reload();
    } catch (error) {
      toastError(error);
    }
  };
  rememberOrder(incident.alerts.map((alert) => alert.uid));
  const { shown, more } = useFold(incident.alerts, 20, "alert");
  return (
    <section class="card list">
      <header class="list-title">
        <h2>Alerts in order of time</h2>
        {picked.length && picked.length < incident.alerts.length ? (
          <button type="button" class="button small end" onClick={split}>Move {picked.length} into a new incident</button>
        ) : null}
      </header>
      <ul>
        {shown.map((alert) => (
          <li key={alert.uid} class={canSplit ? "pick" : ""}>
            {canSplit ? (
              <label><span class="hidden-visually">Choose {visibleString(alert.title)}</span>
                <input type="checkbox" checked={picked.includes(alert.uid)} onChange={() => toggle(alert.uid)} /></label>
            ) : null}
            <AlertInStory alert={alert} />
          </li>
        ))}
      </ul>
      {more}
    </section>
  );
}

function AlertInStory({ alert }: { alert: IncidentAlert }) {
  return (
    <div class="in-story">
      <AlertRow alert={alert} />
      <p class={`join stripe-${alert.severity}`}>Why here: <Safe text={alert.joined_by.text} /></p>
    </div>
  );
}

const kRelated = 5;

/** Other incidents of the same hosts: what correlation kept apart, a person may see together. */
function Related({ incident }: { incident: IncidentDetail }) {
  const hosts = [...new Set(incident.alerts.map((alert) => alert.host).filter(Boolean))].slice(0, 10);
  const found = useQuery(`related/${incident.uid}/${hosts.join()}`, (signal) =>
    hosts.length ? listIncidents({ host: hosts.join(","), limit: kRelated + 1 }, signal) : Promise.resolve({ items: [], next_cursor: null }));
  const others = (found.result.data?.items ?? []).filter((other) => other.uid !== incident.uid).slice(0, kRelated);
  if (!others.length) return null;
  return (
    <section class="card" aria-label="Related incidents">
      <header><h2>Other incidents on {hosts.length > 1 ? "these hosts" : "this host"}</h2></header>
      <div class="body">
        <ul class="stack">
          {others.map((other) => (
            <li key={other.uid} class="row wrap small">
              <SeverityBadge severity={other.severity} />
              <a href={`/incidents/${encodeURIComponent(other.uid)}`}><Safe text={other.title} /></a>
              <span class="muted"><Time at={other.last_time} /></span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Remediation({ steps }: { steps: string[] }) {
  if (!steps.length) return null;
  return (
    <section class="card first">
      <header><h2>What to do</h2></header>
      <div class="body"><ol class="steps">{steps.map((step) => <li key={step}><span><Safe text={step} /></span></li>)}</ol></div>
    </section>
  );
}

const kFilterOf: Record<string, string> = { host: "host", application: "app", model: "model" };

/** Alerts that name the same, inside this incident and out of it. */
function alertsWith(type: string, value: string): string {
  const filter = kFilterOf[type];
  return `/alerts?${new URLSearchParams(filter ? { [filter]: value } : { q: value.slice(0, 200) })}`;
}

function Entities({ incident }: { incident: IncidentDetail }) {
  const { shown, more } = useFold(incident.entities, 15, "shared fact");
  if (!incident.entities.length) return null;
  return (
    <section class="card">
      <header><h2>What its alerts share</h2></header>
      <div class="body">
        <dl class="facts">
          {shown.map((entity) => (
            <div key={entity.type + entity.value} class="fact-row">
              <dt>{entity.type.replace(/_/g, " ")}</dt>
              <dd>
                <a href={alertsWith(entity.type, entity.value)}><Safe text={entity.value} /></a>
                <span class="muted"> · {count(entity.alert_count, "alert")}</span>
              </dd>
            </div>
          ))}
        </dl>
        {more}
      </div>
    </section>
  );
}
