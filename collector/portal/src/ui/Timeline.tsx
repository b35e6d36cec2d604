import type { StepKind, TimelineStep } from "../api/types";
import { stageLabel } from "../lib/taxonomy";
import { absolute, clock, day } from "../lib/time";
import { useFold } from "./Fold";
import { Icon, type IconName } from "./Icon";
import { Safe } from "./Safe";

const kKind: Record<StepKind, { icon: IconName; label: string }> = {
  prompt: { icon: "prompt", label: "Prompt" },
  finding: { icon: "finding", label: "Finding" },
  tool_call: { icon: "tool", label: "Tool call" },
  process: { icon: "process", label: "Process" },
  connection: { icon: "connection", label: "Connection" },
  answer: { icon: "answer", label: "Answer" },
};

export function Timeline({ steps }: { steps: TimelineStep[] }) {
  const { shown, more } = useFold(steps, 25, "step");
  if (!steps.length) return <p class="muted">No steps recorded.</p>;
  return (
    <>
      <ol class="timeline">
        {shown.map((step, index) => {
          const { icon, label } = kKind[step.kind] ?? kKind.finding;
          const newDay = index > 0 && day(step.time) !== day(steps[index - 1]?.time ?? 0);
          return (
            <li key={index} class={step.kind}>
              <time class="at" dateTime={new Date(step.time).toISOString()} title={absolute(step.time)}>
                {newDay ? <>{day(step.time).slice(5)}<br /></> : null}{clock(step.time)}
              </time>
              <span class="mark"><Icon name={icon} size={15} /></span>
              <div class="text">
                <span class="kind">{label}{step.stage ? ` · ${stageLabel[step.stage] ?? step.stage}` : ""}</span>
                <div>{step.alert_uid ? <a href={`/alerts/${encodeURIComponent(step.alert_uid)}`}><Safe text={step.text} /></a> : <Safe text={step.text} />}</div>
              </div>
            </li>
          );
        })}
      </ol>
      {more}
    </>
  );
}
