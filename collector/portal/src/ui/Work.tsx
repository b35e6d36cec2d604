// The part of an alert or incident that people change: status, assignee, classification, comments.
import { useState } from "preact/hooks";

import { listUsers } from "../api/resources";
import type { Classification, Comment, Status, User, WorkPatch } from "../api/types";
import { useQuery } from "../lib/hooks";
import { useKeys } from "../lib/keyboard";
import { useAllowed, useSession } from "../lib/session";
import { classificationLabel, statusLabel } from "../lib/severity";
import { Icon } from "./Icon";
import { Safe } from "./Safe";
import { Time } from "./Time";
import { toastError } from "./Toast";

export interface Work { status: Status; assignee: string | null; classification: Classification }

function useUsers(): User[] {
  const users = useQuery("users", listUsers);
  return (users.result.data?.items ?? []).filter((user) => user.role === "analyst" || user.role === "admin");
}

const kStatusChoices: Status[] = ["new", "in_progress", "resolved"];

export function WorkBar({ work, patch, children }: {
  work: Work; patch: (change: WorkPatch) => Promise<void>; children?: preact.ComponentChildren;
}) {
  const analyst = useAllowed("analyst");
  const { me } = useSession();
  const users = useUsers();
  const [, redraw] = useState(0);
  const apply = (change: WorkPatch) => patch(change).catch((error: unknown) => {
    toastError(error);
    // The control shows what was chosen; drawing again puts back what is true.
    redraw((value) => value + 1);
  });
  const mine = () => apply({ assignee: me.username, ...(work.status === "new" ? { status: "in_progress" as const } : {}) });
  useKeys(analyst ? { m: mine, e: () => apply({ status: "resolved" }) } : {});
  const statuses = work.status === "suppressed" ? [...kStatusChoices, work.status] : kStatusChoices;
  const names = new Set([...users.map((user) => user.username), ...(work.assignee ? [work.assignee] : [])]);

  if (!analyst) {
    return (
      <div class="row wrap small secondary">
        <span>{statusLabel[work.status]}</span>
        <span>{work.assignee ? `assigned to ${work.assignee}` : "not assigned"}</span>
        {work.classification ? <span>{classificationLabel[work.classification]}</span> : null}
      </div>
    );
  }
  return (
    <div class="row wrap" role="group" aria-label="Work on this">
      <select class="field" aria-label="Status" value={work.status} onChange={(event) => apply({ status: event.currentTarget.value as Status })}>
        {statuses.map((status) => <option key={status} value={status}>{statusLabel[status]}</option>)}
      </select>
      <select class="field" aria-label="Assignee" value={work.assignee ?? ""} onChange={(event) => apply({ assignee: event.currentTarget.value || null })}>
        <option value="">Not assigned</option>
        {[...names].map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
      <select class="field" aria-label="Classification" value={work.classification ?? ""}
        onChange={(event) => apply({ classification: (event.currentTarget.value || null) as Classification })}>
        <option value="">Not classified</option>
        {Object.entries(classificationLabel).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
      </select>
      {work.assignee === me.username ? null : (
        <button type="button" class="button" onClick={mine} title="Key: m"><Icon name="user" size={16} />Assign to me</button>
      )}
      {work.status === "resolved" ? null : (
        <button type="button" class="button" onClick={() => apply({ status: "resolved" })} title="Key: e"><Icon name="check" size={16} />Resolve</button>
      )}
      {children}
    </div>
  );
}

export function Comments({ comments, add }: { comments: Comment[]; add: (text: string) => Promise<void> }) {
  const analyst = useAllowed("analyst");
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!text.trim()) return;
    setBusy(true);
    try {
      await add(text.trim());
      setText("");
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
  };
  return (
    <section class="card" aria-label="Comments">
      <header><h2>Comments</h2>{comments.length ? <span class="pill">{comments.length}</span> : null}</header>
      <div class="body stack">
        {comments.length ? (
          <ol class="comments">
            {comments.map((comment) => (
              <li key={comment.id} class="comment">
                <div class="meta"><strong>{comment.author}</strong> · <Time at={comment.time} /></div>
                <div class="text"><Safe text={comment.text} /></div>
              </li>
            ))}
          </ol>
        ) : <p class="muted small">No comments yet.</p>}
        {analyst ? (
          <form class="stack" onSubmit={submit}>
            <textarea class="field" aria-label="Comment" placeholder="What did you find?" maxLength={8192} value={text}
              onInput={(event) => setText(event.currentTarget.value)} />
            <div><button type="submit" class="button" disabled={busy || !text.trim()}>Comment</button></div>
          </form>
        ) : null}
      </div>
    </section>
  );
}
