import { useMemo, useState } from "preact/hooks";

import { commentAlert, getAlert, patchAlert } from "../api/resources";
import type { AlertDetail, WorkPatch } from "../api/types";
import { neighbour, position } from "../lib/alertlist";
import { describe } from "../lib/catalogue";
import { excerpt, inUnits } from "../lib/highlight";
import { useLive, useQuery, useTitle, type Query } from "../lib/hooks";
import { useKeys } from "../lib/keyboard";
import { readFinding, suspectValue, type Evidence, type Finding } from "../lib/ocsf";
import { navigate, remembered } from "../lib/router";
import { useAllowed } from "../lib/session";
import { visibleString } from "../lib/text";
import { absolute } from "../lib/time";
import { SeverityBadge, ZoneTag } from "../ui/Badge";
import { Conversation, ZoneLegend } from "../ui/Conversation";
import { RemedyPanel, WherePanel, WhoPanel, WhyPanel } from "../ui/FindingPanels";
import { Icon } from "../ui/Icon";
import { JsonView } from "../ui/JsonView";
import { Safe } from "../ui/Safe";
import { Show } from "../ui/States";
import { SuppressDialog } from "../ui/SuppressDialog";
import { Time } from "../ui/Time";
import { Comments, WorkBar } from "../ui/Work";

const alertPath = (uid: string) => `/alerts/${encodeURIComponent(uid)}`;

function useNeighbours(uid: string): void {
  const go = (step: 1 | -1) => () => {
    const next = neighbour(uid, step);
    if (next) navigate(alertPath(next), { replace: true });
  };
  useKeys({ j: go(1), k: go(-1), u: () => navigate(remembered("/alerts")) });
}

export function AlertPage({ parameters }: { parameters: Record<string, string> }) {
  const uid = parameters["uid"] ?? "";
  const detail = useQuery(`alert/${uid}`, (signal) => getAlert(uid, signal));
  useNeighbours(uid);
  useLive({
    alertUpdated: (alert) => {
      if (alert.uid === uid) detail.mutate((old) => ({ ...old, ...alert }));
    },
    gap: detail.reload,
  });
  useTitle(detail.result.data ? visibleString(detail.result.data.title) : "Alert");
  return (
    <div class="page">
      <Crumbs uid={uid} />
      <Show result={detail.result} retry={detail.reload} heading="h1">
        {(alert) => <AlertView alert={alert} detail={detail} />}
      </Show>
    </div>
  );
}

function Crumbs({ uid }: { uid: string }) {
  const place = position(uid);
  const before = neighbour(uid, -1);
  const after = neighbour(uid, 1);
  return (
    <nav class="row small" aria-label="Position">
      <a href={remembered("/alerts")}>Alerts</a>
      {place ? <span class="muted">{place.at} of {place.of}</span> : null}
      {before ? <a href={alertPath(before)} rel="prev">Previous</a> : null}
      {after ? <a href={alertPath(after)} rel="next">Next</a> : null}
    </nav>
  );
}

function AlertView({ alert, detail }: { alert: AlertDetail; detail: Query<AlertDetail> }) {
  const finding = useMemo(() => readFinding(alert.ocsf), [alert.ocsf]);
  const comment = async (text: string) => {
    const added = await commentAlert(alert.uid, text);
    detail.mutate((old) => ({ ...old, comments: [...old.comments, added] }));
  };
  return (
    <>
      <AlertHead alert={alert} finding={finding} detail={detail} />
      <div class="two">
        <div class="stack">
          <EvidencePanel alert={alert} finding={finding} />
          <RemedyPanel alert={alert} finding={finding} />
          <Comments comments={alert.comments} add={comment} />
          <JsonView title="OCSF finding, as the agent sent it" value={alert.ocsf} />
        </div>
        <div class="stack rail">
          <WhoPanel alert={alert} finding={finding} />
          <WherePanel alert={alert} finding={finding} />
          <WhyPanel alert={alert} finding={finding} />
        </div>
      </div>
    </>
  );
}

function AlertHead({ alert, finding, detail }: {
  alert: AlertDetail; finding: Finding; detail: Query<AlertDetail>;
}) {
  const [suppressing, setSuppressing] = useState(false);
  const analyst = useAllowed("analyst");
  const headline = describe(alert.alert, alert.title).headline({ ...alert, tool: finding.tool });
  const patch = async (change: WorkPatch) => {
    const now = await patchAlert(alert.uid, change);
    detail.mutate((old) => ({ ...old, ...now }));
  };
  return (
    <header class="stack">
      <div class="row wrap">
        <SeverityBadge severity={alert.severity} />
        <span class="secondary"><Safe text={alert.title} /></span>
        <span class="muted small"><Time at={alert.time} both /></span>
        {finding.time !== null && finding.time !== alert.time
          ? <span class="badge sev-medium" title={`The host said ${absolute(finding.time)}; the alert is dated by its arrival.`}>the host's clock is wrong</span>
          : null}
        {alert.incident_uid ? (
          <a class="row small" href={`/incidents/${encodeURIComponent(alert.incident_uid)}`}><Icon name="incident" size={15} />Part of an incident</a>
        ) : null}
      </div>
      <h1 class="headline"><Safe text={headline} /></h1>
      <WorkBar work={alert} patch={patch}>
        {analyst ? (
          <button type="button" class="button quiet" onClick={() => setSuppressing(true)}><Icon name="quiet" size={16} />Suppress similar</button>
        ) : null}
      </WorkBar>
      {analyst && alert.classification === "false_positive" && alert.status !== "suppressed" ? (
        <p class="banner">
          Marked as a false positive. Should its like be kept quiet from now on?
          <button type="button" class="button small" onClick={() => setSuppressing(true)}>Keep its like quiet</button>
        </p>
      ) : null}
      {suppressing ? <SuppressDialog alert={alert} value={suspectValue(alert.ocsf)} onClose={() => setSuppressing(false)} /> : null}
    </header>
  );
}

function Quote({ evidence }: { evidence: Evidence }) {
  const span = inUnits(evidence.text, evidence.highlight);
  const part = excerpt(evidence.text, span, Infinity);
  return (
    <blockquote class="evidence-quote" dir="auto" tabIndex={0} aria-label="Evidence">
      <Safe text={part.before} />
      {part.marked ? <mark><Safe text={part.marked} /></mark> : null}
      <Safe text={part.after} />
    </blockquote>
  );
}

function EvidencePanel({ alert, finding }: { alert: AlertDetail; finding: Finding }) {
  const { messages } = finding;
  const evidence = finding.evidence.text ? finding.evidence : { text: alert.evidence_preview, highlight: null };
  return (
    <section class="card first">
      <header>
        <h2>{messages.length ? "Evidence in its conversation" : "Evidence"}</h2>
        {messages.length ? <ZoneLegend messages={messages} /> : <ZoneTag zone={alert.zone} />}
        <span class="end muted small">Secrets and personal data are masked on the host</span>
      </header>
      <div class="body stack">
        {messages.length ? <Conversation messages={messages} /> : null}
        {!messages.length && evidence.text ? <Quote evidence={evidence} /> : null}
        {!messages.length && !evidence.text
          ? <p class="muted">This alert carries no text. The evidence level of the agent may be “none”.</p>
          : null}
      </div>
    </section>
  );
}
