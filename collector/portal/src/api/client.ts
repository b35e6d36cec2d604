// One door to the collector: cookie session, CSRF header, problem+json errors.
import type { Problem } from "./types";

export class ApiError extends Error {
  readonly status: number;
  readonly detail: string;
  /** Seconds the collector asks us to wait, from Retry-After. */
  readonly retryAfter: number | null;

  constructor(status: number, title: string, detail: string, retryAfter: number | null) {
    super(title);
    this.name = "ApiError";
    this.status = status;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

let csrfToken = "";
let onUnauthorized: () => void = () => {};

export function setCsrfToken(token: string | undefined): void {
  csrfToken = token ?? "";
}

/** Called when a request that was sent within a session is answered 401. */
export function whenUnauthorized(handler: () => void): void {
  onUnauthorized = handler;
}

export type QueryValue = string | number | boolean | null | undefined;

export function withQuery(path: string, query: Record<string, QueryValue>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(key, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  /** True for the login itself, whose 401 means a wrong password. */
  anonymous?: boolean;
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const method = options.method ?? "GET";
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET" && csrfToken) headers["X-CSRF-Token"] = csrfToken;
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  const response = await send(path, {
    method,
    headers,
    credentials: "same-origin",
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!response.ok) {
    if (response.status === 401 && !options.anonymous) onUnauthorized();
    throw await toError(response);
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "The collector does not answer", "Check the network, then try again.", null);
  }
}

async function toError(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get("Retry-After"));
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    // A proxy may answer in HTML; the status line is all that can be trusted then.
  }
  const title = problem.title || response.statusText || `HTTP ${response.status}`;
  return new ApiError(response.status, title, problem.detail ?? "", wait > 0 ? wait : null);
}
