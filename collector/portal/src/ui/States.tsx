import type { ComponentChildren } from "preact";

import type { ApiError } from "../api/client";
import type { Loaded } from "../lib/hooks";
import { Icon, type IconName } from "./Icon";

type Heading = "h1" | "h2";

export function Empty({ icon = "empty", title, heading: Head = "h2", children }: {
  icon?: IconName; title: string; heading?: Heading; children?: ComponentChildren;
}) {
  return (
    <div class="state">
      <Icon name={icon} size={36} />
      <Head>{title}</Head>
      {children}
    </div>
  );
}

export function ErrorState({ error, retry, heading: Head = "h2" }: {
  error: ApiError; retry?: () => void; heading?: Heading;
}) {
  if (error.status === 403) {
    return <Empty icon="quiet" heading={Head} title="Your role does not allow this"><p>Ask an administrator of this collector.</p></Empty>;
  }
  if (error.status === 404) {
    return <Empty title="Not found" heading={Head}><p>It may have been removed by retention, or the link is incomplete.</p></Empty>;
  }
  return (
    <div class="state" role="alert">
      <Icon name="alert" size={36} />
      <Head>{error.message}</Head>
      <p>{error.detail || (error.status ? `The collector answered ${error.status}.` : "")}</p>
      {error.retryAfter ? <p>It asks to wait {error.retryAfter} s.</p> : null}
      {retry ? <button type="button" class="button" onClick={retry}>Try again</button> : null}
    </div>
  );
}

export function Skeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div class="card" role="status">
      <span class="hidden-visually">Loading</span>
      <div class="body stack">
        {Array.from({ length: rows }, (_, index) => (
          <div key={index} class="skeleton" style={{ inlineSize: `${92 - ((index * 17) % 40)}%` }} />
        ))}
      </div>
    </div>
  );
}

/**
 * Shows data as soon as there is some, also while it is loaded again or after an error. `heading` is
 * "h1" on pages that have no heading of their own until the data is there.
 */
export function Show<T>({ result, retry, rows, heading, children }: {
  result: Loaded<T>; retry: () => void; rows?: number; heading?: Heading; children: (data: T) => ComponentChildren;
}) {
  if (result.data === null) {
    if (result.state !== "error") return <Skeleton {...(rows ? { rows } : {})} />;
    return <ErrorState error={result.error} retry={retry} {...(heading ? { heading } : {})} />;
  }
  return (
    <>
      {result.state === "loading" ? <div class="progress-line" role="progressbar" aria-label="Loading" /> : null}
      {result.state === "error" ? (
        <div class="banner error" role="alert">
          Shown as of the last answer: {result.error.message}
          <button type="button" class="button small" onClick={retry}>Try again</button>
        </div>
      ) : null}
      {children(result.data)}
    </>
  );
}
