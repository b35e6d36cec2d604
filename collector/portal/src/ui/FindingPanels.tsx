// The panels of the alert page that explain a finding: who, where to, why, what to do.
import type { AlertDetail } from "../api/types";
import { describe } from "../lib/catalogue";
import type { Finding, Process } from "../lib/ocsf";
import { atlas, owasp, type Reference } from "../lib/taxonomy";
import { Icon } from "./Icon";
import { copyText } from "./JsonView";
import { Safe } from "./Safe";
import { Time } from "./Time";

function Fact({ label, text, href, copy }: { label: string; text: string; href?: string; copy?: boolean }) {
  if (!text) return null;
  return (
    <>
      <dt>{label}</dt>
      <dd>
        {href ? <a href={href}><Safe text={text} /></a> : <Safe text={text} />}
        {copy ? (
          <button type="button" class="inline-copy" aria-label={`Copy ${label.toLowerCase()}`} onClick={() => copyText(text, label)}>
            <Icon name="copy" size={13} />
          </button>
        ) : null}
      </dd>
    </>
  );
}

const listLink = (name: string, value: string) => `/alerts?${new URLSearchParams({ [name]: value })}`;

function ProcessChain({ processes }: { processes: Process[] }) {
  const chain = [...processes].reverse();
  return (
    <ol class="chain" aria-label="Process chain, oldest ancestor first">
      {chain.map((process, index) => (
        <li key={index}>
          <strong><Safe text={process.name || process.exe} /></strong>
          {process.pid ? <span class="muted"> pid {process.pid}</span> : null}
          {process.user ? <span class="muted"> · user <Safe text={process.user} /></span> : null}
          <span class="command"><Safe text={process.commandLine || process.exe} /></span>
        </li>
      ))}
    </ol>
  );
}

export function WhoPanel({ alert, finding }: { alert: AlertDetail; finding: Finding }) {
  const { container, pod } = finding;
  return (
    <section class="card">
      <header><h2>Who</h2></header>
      <div class="body stack">
        <dl class="facts">
          <Fact label="Application" text={alert.application} href={listLink("app", alert.application)} />
          <Fact label="Host" text={alert.host} href={listLink("host", alert.host)} />
          <Fact label="Container" text={[container.name, container.image].filter(Boolean).join(" · ")} />
          <Fact label="Container id" text={container.id.slice(0, 12)} />
          <Fact label="Pod" text={[pod.namespace, pod.name].filter(Boolean).join(" / ")} />
          <Fact label="Node" text={pod.node} />
          <Fact label="End user" text={finding.endUser} copy />
          <Fact label="Source" text={finding.sourceAddress} copy />
          <Fact label="Conversation" text={finding.conversation} copy />
        </dl>
        {finding.processes.length ? <ProcessChain processes={finding.processes} /> : null}
      </div>
    </section>
  );
}

export function WherePanel({ alert, finding }: { alert: AlertDetail; finding: Finding }) {
  const { endpoint, capture } = finding;
  return (
    <section class="card">
      <header><h2>Where to</h2></header>
      <div class="body stack">
        <dl class="facts">
          <Fact label="Model" text={alert.model} href={listLink("model", alert.model)} />
          <Fact label="Provider" text={alert.provider} href={listLink("provider", alert.provider)} />
          <Fact label="Host" text={endpoint.host} copy />
          <Fact label="Address" text={endpoint.address} copy />
          <Fact label="Path" text={endpoint.path} />
          <Fact label="Tool" text={finding.tool} />
          <Fact label="Heard in" text={[capture.tls, capture.locatedBy && `found by ${capture.locatedBy}`].filter(Boolean).join(", ")} />
        </dl>
        {capture.lostBytes > 0 || capture.joinedLate ? (
          <p class="banner warn">
            {capture.joinedLate ? "The sensor joined this connection late. " : ""}
            {capture.lostBytes > 0 ? `${capture.lostBytes} bytes of the exchange were lost.` : ""}
          </p>
        ) : null}
      </div>
    </section>
  );
}

function References({ items }: { items: Reference[] }) {
  if (!items.length) return null;
  return (
    <ul class="refs">
      {items.map((item) => (
        <li key={item.id}>
          <a href={item.url} target="_blank" rel="noreferrer noopener"><span class="id">{item.id}</span>{item.name ? ` ${item.name}` : ""}</a>
          <div class="muted">{item.framework}</div>
        </li>
      ))}
    </ul>
  );
}

function Score({ score }: { score: number }) {
  const percent = Math.round(Math.max(0, Math.min(1, score)) * 100);
  return (
    <span class="row">
      <span class="meter" aria-hidden="true"><i style={{ inlineSize: `${percent}%` }} /></span>
      {(percent / 100).toFixed(2)}
    </span>
  );
}

export function WhyPanel({ alert, finding }: { alert: AlertDetail; finding: Finding }) {
  const info = describe(alert.alert, alert.title);
  const references = [...finding.techniques.map((technique) => atlas(technique.id, technique.name)), ...finding.owasp.map(owasp)];
  return (
    <section class="card">
      <header><h2>Why</h2></header>
      <div class="body stack">
        {info.why ? <p>{info.why}</p> : null}
        <dl class="facts">
          <dt>Score</dt><dd><Score score={alert.score} /></dd>
          <Fact label="Alert" text={alert.alert} href={listLink("alert", alert.alert)} />
          <Fact label="Detector" text={finding.detector} />
          <Fact label="Kind" text={finding.subtype.replace(/_/g, " ")} />
          <Fact label="Rule" text={finding.rule} />
          {Object.entries(finding.data).map(([key, value]) => (
            <Fact key={key} label={key.replace(/_/g, " ")} text={typeof value === "object" ? JSON.stringify(value) : String(value)} />
          ))}
          <dt>Seen</dt><dd><Time at={alert.time} both /></dd>
        </dl>
        <References items={references} />
      </div>
    </section>
  );
}

export function RemedyPanel({ alert, finding }: { alert: AlertDetail; finding: Finding }) {
  const info = describe(alert.alert, alert.title);
  const own = finding.remediation.split(/\n+/).map((line) => line.replace(/^\s*(?:[-*]|\d+[.)])\s*/, "").trim()).filter(Boolean);
  const steps = own.length ? own : info.steps;
  if (!steps.length) return null;
  return (
    <section class="card first">
      <header><h2>What to do</h2></header>
      <div class="body">
        <ol class="steps">{steps.map((step) => <li key={step}><Safe text={step} /></li>)}</ol>
      </div>
    </section>
  );
}
