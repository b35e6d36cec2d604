import { describe, expect, it } from "vitest";

import type { AlertSummary, IncidentSummary } from "../src/api/types";
import { incidentMatches, insert, matches, toApiQuery, values } from "../src/lib/filters";

const alert = (fields: Partial<AlertSummary>): AlertSummary => ({
  uid: "a", time: 1000, received_at: 1000, alert: "credential.response", title: "t", severity: "high", status: "new", classification: null, assignee: null,
  host: "web-1", agent_id: "agent", application: "bot", provider: "openai", model: "gpt", zone: "assistant", score: 1, evidence_preview: "", incident_uid: null, ...fields,
});
const query = (text: string) => new URLSearchParams(text);

describe("toApiQuery", () => {
  it("passes known filters and drops others", () => {
    expect(toApiQuery(query("severity=high,low&evil=1&q=key"), 0)).toEqual({ severity: "high,low", q: "key" });
  });

  it("turns a period into a beginning, unless one is given", () => {
    expect(toApiQuery(query("period=1h"), 10_000_000)).toEqual({ since: 6_400_000 });
    expect(toApiQuery(query("period=1h&since=5"), 10_000_000)).toEqual({ since: "5" });
    expect(toApiQuery(query("period=nonsense"), 10_000_000)).toEqual({});
  });
});

describe("matches", () => {
  it("joins filters by AND and values by OR", () => {
    expect(matches(query("severity=low,high&host=web-1"), alert({}))).toBe(true);
    expect(matches(query("severity=low,high&host=web-2"), alert({}))).toBe(false);
  });

  it("takes a prefix of alert names that ends in a dot", () => {
    expect(matches(query("alert=credential."), alert({}))).toBe(true);
    expect(matches(query("alert=credential"), alert({}))).toBe(false);
  });

  it("leaves full-text search to the collector", () => {
    expect(matches(query("q=key"), alert({}))).toBeNull();
    expect(matches(query("q=key&severity=low"), alert({}))).toBe(false);
  });

  it("holds a range, its end exclusive", () => {
    expect(matches(query("since=1000&until=1001"), alert({}))).toBe(true);
    expect(matches(query("since=1&until=1000"), alert({}))).toBe(false);
  });
});

describe("insert", () => {
  it("keeps the newest first and holds each alert once", () => {
    const list = [alert({ uid: "c", time: 30 }), alert({ uid: "a", time: 10 })];
    expect(insert(list, alert({ uid: "b", time: 20 })).map((entry) => entry.uid)).toEqual(["c", "b", "a"]);
    expect(insert(list, alert({ uid: "a", time: 40 })).map((entry) => entry.uid)).toEqual(["a", "c"]);
    expect(insert([], alert({ uid: "x" }))).toHaveLength(1);
    expect(insert(list, alert({ uid: "z", time: 1 })).at(-1)?.uid).toBe("z");
  });
});

describe("incidentMatches", () => {
  const incident = { severity: "high", status: "new", assignee: null, hosts: ["web-1", "web-2"], last_time: 50 } as IncidentSummary;
  it("finds an incident by any of its hosts", () => {
    expect(incidentMatches(query("host=web-2&status=new,in_progress"), incident)).toBe(true);
    expect(incidentMatches(query("host=web-3"), incident)).toBe(false);
    expect(incidentMatches(query("status=resolved"), incident)).toBe(false);
  });
});

describe("values", () => {
  it("is empty without the filter", () => {
    expect(values(query(""), "severity")).toEqual([]);
    expect(values(query("severity="), "severity")).toEqual([]);
  });
});
