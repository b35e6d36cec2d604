import { useMemo, useState } from "preact/hooks";

import { codePoints, excerpt, inUnits } from "../lib/highlight";
import type { Message } from "../lib/ocsf";
import { formatNumber } from "../lib/text";
import { zoneHint, zoneLabel, type Zone } from "../lib/zone";
import { Safe } from "./Safe";

const kMarginAround = 700;
const kMarginElsewhere = 220;

const kindLabel: Record<string, string> = {
  tool_call: "calls",
  tool_definition: "defines the tool",
  reasoning: "reasoning",
  instructions: "instructions",
};

function Omitted({ units }: { units: number }) {
  return units > 0 ? <span class="omitted">… {formatNumber(units)} characters not shown …</span> : null;
}

function TurnHead({ message }: { message: Message }) {
  const { zone } = message;
  const kind = message.kind === "tool_result" ? "" : (kindLabel[message.kind] ?? "");
  return (
    <header>
      <span class="zone" title={zone ? zoneHint[zone] : ""}>{zone ? zoneLabel[zone] : "Message"}</span>
      {kind ? <span>{kind}</span> : null}
      {message.tool ? <span class="mono"><Safe text={message.tool} /></span> : null}
      {zone === "tool" ? <span>untrusted</span> : null}
      {message.suspicious ? <strong class="turn-mark">evidence</strong> : null}
      {message.cause ? <strong class="turn-mark">led to it</strong> : null}
    </header>
  );
}

function TurnText({ message }: { message: Message }) {
  const [open, setOpen] = useState(false);
  const span = useMemo(() => inUnits(message.text, message.highlight), [message]);
  const shown = useMemo(() => codePoints(message.text), [message]);
  const margin = open ? Infinity : span ? kMarginAround : kMarginElsewhere;
  const part = excerpt(message.text, span, margin);
  const cut = part.omittedBefore + part.omittedAfter > 0;
  return (
    <>
      <div class="body" dir="auto">
        <Omitted units={part.omittedBefore} />
        <Safe text={part.before} />
        {part.marked ? <mark><Safe text={part.marked} /></mark> : null}
        <Safe text={part.after} />
        <Omitted units={part.omittedAfter} />
      </div>
      {message.length > shown ? <p class="omitted small">An excerpt of {formatNumber(message.length)} characters; the rest stays on the host</p> : null}
      {cut || open ? (
        <button type="button" class="button small quiet more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Show less" : "Show the whole message"}
        </button>
      ) : null}
    </>
  );
}

function Turn({ message }: { message: Message }) {
  const { zone } = message;
  const mark = message.suspicious ? "hit" : message.cause ? "cause" : "";
  return (
    <li class={`turn ${zone ? `zone-${zone}` : ""} ${mark}`}>
      <div>
        <TurnHead message={message} />
        {message.text
          ? <TurnText message={message} />
          : <p class="omitted small">{formatNumber(message.length)} characters, which stay on the host</p>}
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

/** The finding among its neighbours, in reading order. */
export function Conversation({ messages }: { messages: Message[] }) {
  return (
    <ol class="turns">
      {messages.map((message, position) => <Turn key={position} message={message} />)}
    </ol>
  );
}
