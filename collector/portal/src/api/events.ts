// Live events of GET /api/v1/events, shared by all pages over one EventSource. There is no replay:
// whoever subscribes is told by `onGap` when lists must be loaded again.
import type { AlertSummary, IncidentSummary } from "./types";

/** Events tell of alerts without their evidence, which is shown only where a look is logged. */
export type AlertEvent = Omit<AlertSummary, "evidence_preview">;

export type LiveState = "connecting" | "live" | "lost";

export interface LiveHandlers {
  alertCreated?: (alert: AlertEvent) => void;
  alertUpdated?: (alert: AlertEvent) => void;
  incidentCreated?: (incident: IncidentSummary) => void;
  incidentUpdated?: (incident: IncidentSummary) => void;
  agentUpdated?: (agentId: string) => void;
  /** Events were missed (reconnect, or the collector dropped some). */
  gap?: () => void;
  /** The first connection stands: a list that was loaded before may miss what came in between. */
  opened?: () => void;
  state?: (state: LiveState) => void;
}

const subscribers = new Set<LiveHandlers>();
let source: EventSource | null = null;
let state: LiveState = "connecting";

function each(call: (handlers: LiveHandlers) => void): void {
  for (const handlers of [...subscribers]) call(handlers);
}

function setState(next: LiveState): void {
  if (state === next) return;
  state = next;
  each((handlers) => handlers.state?.(next));
}

function listen<T>(name: string, call: (handlers: LiveHandlers, data: T) => void): void {
  source?.addEventListener(name, (event) => {
    let data: T;
    try {
      data = JSON.parse((event as MessageEvent<string>).data) as T;
    } catch {
      return;
    }
    each((handlers) => call(handlers, data));
  });
}

export function startEvents(): void {
  if (source) return;
  source = new EventSource("/api/v1/events");
  source.onopen = () => {
    const missedSome = state === "lost";
    setState("live");
    each((handlers) => (missedSome ? handlers.gap?.() : handlers.opened?.()));
  };
  source.onerror = () => {
    setState("lost");
    // The browser retries by itself unless the answer was an error status.
    if (source?.readyState === EventSource.CLOSED) restartLater();
  };
  listen<AlertEvent>("alert.created", (h, alert) => h.alertCreated?.(alert));
  listen<AlertEvent>("alert.updated", (h, alert) => h.alertUpdated?.(alert));
  listen<IncidentSummary>("incident.created", (h, incident) => h.incidentCreated?.(incident));
  listen<IncidentSummary>("incident.updated", (h, incident) => h.incidentUpdated?.(incident));
  listen<{ agent_id: string }>("agent.updated", (h, data) => h.agentUpdated?.(data.agent_id));
  listen<{ count: number }>("events.dropped", (h) => h.gap?.());
}

let restartTimer: ReturnType<typeof setTimeout> | undefined;

function restartLater(): void {
  source?.close();
  source = null;
  clearTimeout(restartTimer);
  restartTimer = setTimeout(startEvents, 10_000);
}

export function stopEvents(): void {
  clearTimeout(restartTimer);
  source?.close();
  source = null;
  setState("connecting");
}

export function subscribe(handlers: LiveHandlers): () => void {
  subscribers.add(handlers);
  handlers.state?.(state);
  return () => subscribers.delete(handlers);
}
