import { useEffect, useState } from "preact/hooks";

import { addPolicy, checkPolicy } from "../api/resources";
import type { PolicyDetail, PolicyProblem } from "../api/types";
import { toApiError } from "../lib/hooks";
import { navigate } from "../lib/router";
import { toast } from "./Toast";

const kStart = `settings:
  detect:
    evidence: segment
# files:
#   rules: |
#     ...
`;
const kCheckAfterMs = 400;

/** Checks what is written a moment after the last key. */
function useProblems(document: string): PolicyProblem[] {
  const [problems, setProblems] = useState<PolicyProblem[]>([]);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      checkPolicy(document).then((answer) => { if (current) setProblems(answer.problems); }, () => undefined);
    }, kCheckAfterMs);
    return () => { current = false; clearTimeout(timer); };
  }, [document]);
  return problems;
}

const named = (text: string) => text.split(/[\s,]+/).filter(Boolean);

export function PolicyEditor({ from }: { from: PolicyDetail | null }) {
  const [group, setGroup] = useState(from?.group ?? "default");
  const [document, setDocument] = useState(from?.document ?? kStart);
  const [comment, setComment] = useState("");
  const [percent, setPercent] = useState("10");
  const [agents, setAgents] = useState("");
  const [failure, setFailure] = useState("");
  const problems = useProblems(document);

  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      const added = await addPolicy({ group, document, comment: comment.trim(), percent: Number(percent), agents: named(agents) });
      toast(`Version ${added.version} is published`);
      navigate(`/policies/${added.version}`);
    } catch (error) {
      const known = toApiError(error);
      setFailure(known.detail || known.message);
    }
  };
  return (
    <form class="card" onSubmit={submit}>
      <div class="body stack">
        <label class="label">Group
          <input class="field" required pattern="[a-z0-9_\\-]+" maxLength={64} value={group} onInput={(event) => setGroup(event.currentTarget.value)} />
        </label>
        <label class="label">Policy
          <textarea class="field policy-text" rows={18} spellcheck={false} required maxLength={60000} value={document}
            aria-describedby="policy-problems" onInput={(event) => setDocument(event.currentTarget.value)} />
        </label>
        <div id="policy-problems" role="status">
          {problems.length
            ? <ul class="banner error policy-problems">{problems.map((problem) => <li key={`${problem.line}:${problem.column}:${problem.message}`}>Line {problem.line}: {problem.message}</li>)}</ul>
            : <p class="muted small">No problems. Sensors check rules and lists as well, and keep their old version where one is wrong.</p>}
        </div>
        <label class="label">Why
          <input class="field" required maxLength={1024} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
        </label>
        <label class="label">First for this share of the sensors (percent)
          <input class="field" type="number" min={0} max={100} required value={percent} onInput={(event) => setPercent(event.currentTarget.value)} />
        </label>
        <label class="label">And for these sensors (ids)
          <input class="field" value={agents} onInput={(event) => setAgents(event.currentTarget.value)} />
        </label>
        {failure ? <p class="banner error" role="alert">{failure}</p> : null}
        <div class="dialog-actions">
          <a class="button" href="/policies">Cancel</a>
          <button type="submit" class="button primary" disabled={problems.length > 0 || !comment.trim()}>Publish</button>
        </div>
      </div>
    </form>
  );
}
