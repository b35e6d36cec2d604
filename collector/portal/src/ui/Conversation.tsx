import { useMemo, useState } from "preact/hooks";

import { excerpt, locate, type Evidence } from "../lib/highlight";
import type { Message } from "../lib/ocsf";
import { formatNumber } from "../lib/text";
import { zoneHint, zoneLabel, type Zone } from "../lib/zone";
import { Safe } from "./Safe";

const kMarginAround = 700;
const kMarginElsewhere = 220;

function shifted(evidence: Evidence, message: Message): Evidence {
  return {
    ...evidence,
    start: evidence.start === null ? null : evidence.start - message.offset,
    end: evidence.end === null ? null : evidence.end - message.offset,
  };
}

/** Which message carries the evidence: the one it names, else the first that contains it. */
export function findHit(messages: Message[], evidence: Evidence): Message | null {
  const named = messages.find((message) => message.index === evidence.messageIndex);
  if (named) return named;
  return messages.find((message) => evidence.text !== "" && message.text.includes(evidence.text)) ?? null;
}

function Omitted({ units }: { units: number }) {
  return units > 0 ? <span class="omitted">… {formatNumber(units)} characters not shown …</span> : null;
}

function Turn({ message, evidence }: { message: Message; evidence: Evidence | null }) {
  const [open, setOpen] = useState(false);
  const span = useMemo(
    () => (evidence ? locate(message.text, shifted(evidence, message)) : null),
    [message, evidence],
  );
  const margin = open ? Infinity : evidence ? kMarginAround : kMarginElsewhere;
  const part = excerpt(message.text, span, margin);
  const cut = part.omittedBefore + part.omittedAfter > 0;
  const zone = message.zone;
  return (
    <li class={`turn ${zone ? `zone-${zone}` : ""} ${evidence ? "hit" : ""}`}>
      <div>
        <header>
          <span class="zone" title={zone ? zoneHint[zone] : ""}>{zone ? zoneLabel[zone] : <Safe text={message.role || "Message"} />}</span>
          {message.tool ? <span class="mono"><Safe text={message.tool} /></span> : null}
          {zone === "tool" ? <span>untrusted</span> : null}
          {evidence ? <strong class="zone">evidence</strong> : null}
        </header>
        <div class="body" dir="auto">
          <Omitted units={part.omittedBefore} />
          <Safe text={part.before} />
          {part.marked ? <mark><Safe text={part.marked} /></mark> : null}
          <Safe text={part.after} />
          <Omitted units={part.omittedAfter} />
        </div>
        {cut || open ? (
          <button type="button" class="button small quiet more" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Show less" : "Show the whole message"}
          </button>
        ) : null}
      </div>
    </li>
  );
}

const kOrder: Zone[] = ["system", "developer", "user", "assistant", "tool"];

export function ZoneLegend({ messages }: { messages: Message[] }) {
  const present = kOrder.filter((zone) => messages.some((message) => message.zone === zone));
  return (
    <ul class="legend" aria-label="Trust zones">
      {present.map((zone) => (
        <li key={zone} class={`zone-${zone}`} title={zoneHint[zone]}><span class="swatch" />{zoneLabel[zone]}</li>
      ))}
    </ul>
  );
}

export function Conversation({ messages, evidence }: { messages: Message[]; evidence: Evidence }) {
  const hit = useMemo(() => findHit(messages, evidence), [messages, evidence]);
  return (
    <ol class="turns">
      {messages.map((message, position) => (
        <Turn key={position} message={message} evidence={message === hit ? evidence : null} />
      ))}
    </ol>
  );
}
