import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { subscribe, type LiveHandlers } from "../api/events";

export type Loaded<T> =
  | { state: "loading"; data: T | null; error: null }
  | { state: "ready"; data: T; error: null }
  | { state: "error"; data: T | null; error: ApiError };

export interface Query<T> {
  result: Loaded<T>;
  reload: () => void;
  /** Changes what is shown without asking the collector again. */
  mutate: (change: (data: T) => T) => void;
}

/** Loads on mount and whenever `key` changes; what is shown stays until the new answer is there. */
export function useQuery<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Query<T> {
  const [result, setResult] = useState<Loaded<T>>({ state: "loading", data: null, error: null });
  const [round, setRound] = useState(0);
  const shownKey = useRef(key);
  const loader = useRef(load);
  loader.current = load;

  useEffect(() => {
    const controller = new AbortController();
    const sameKey = shownKey.current === key;
    shownKey.current = key;
    setResult((old) => ({ state: "loading", data: sameKey ? old.data : null, error: null }));
    loader.current(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setResult({ state: "ready", data, error: null });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setResult((old) => ({ state: "error", data: old.data, error: toApiError(error) }));
      },
    );
    return () => controller.abort();
  }, [key, round]);

  const reload = useCallback(() => setRound((value) => value + 1), []);
  const mutate = useCallback((change: (data: T) => T) => {
    setResult((old) => (old.state === "ready" ? { ...old, data: change(old.data) } : old));
  }, []);
  return { result, reload, mutate };
}

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, "Something went wrong in the portal", String(error), null);
}

/** Live events while the component is shown; the handlers may change with every render. */
export function useLive(handlers: LiveHandlers): void {
  const current = useRef(handlers);
  current.current = handlers;
  useEffect(
    () =>
      subscribe({
        alertCreated: (alert) => current.current.alertCreated?.(alert),
        alertUpdated: (alert) => current.current.alertUpdated?.(alert),
        incidentCreated: (incident) => current.current.incidentCreated?.(incident),
        incidentUpdated: (incident) => current.current.incidentUpdated?.(incident),
        agentUpdated: (agent) => current.current.agentUpdated?.(agent),
        gap: () => current.current.gap?.(),
        opened: () => current.current.opened?.(),
        state: (state) => current.current.state?.(state),
      }),
    [],
  );
}

/** The time, renewed often enough for "5 min ago" to stay true. */
export function useNow(interval = 15_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), interval);
    return () => clearInterval(timer);
  }, [interval]);
  return now;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Sonde` : "Sonde";
  }, [title]);
}

/** At once, and then at most once in so many milliseconds, however often it is asked for. */
export function useThrottled(call: () => void, milliseconds: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const due = useRef(false);
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    const run = () => {
      due.current = false;
      latest.current();
      timer.current = setTimeout(() => { timer.current = undefined; if (due.current) run(); }, milliseconds);
    };
    due.current = true;
    if (timer.current === undefined) run();
  }, [milliseconds]);
}

export function useDebounced(call: (value: string) => void, milliseconds: number): (value: string) => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback((value: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(value), milliseconds);
  }, [milliseconds]);
}
