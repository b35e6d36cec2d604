import { describe, expect, it } from "vitest";

import type { CoverageEntry, InventoryEntry } from "../src/api/types";
import { withQuery } from "../src/api/client";
import { blindSpots, compareVersions, groupInventory, isLossCounter } from "../src/lib/inventory";
import { match } from "../src/lib/router";
import { allows } from "../src/lib/session";
import { stackBuckets } from "../src/lib/stack";
import { absolute, periodStart, relative, span } from "../src/lib/time";

describe("time", () => {
  const minute = 60_000;
  it("speaks in the unit people would use", () => {
    expect(relative(0, 5_000)).toBe("just now");
    expect(relative(0, 45_000)).toBe("45 s ago");
    expect(relative(0, 119 * minute)).toBe("119 min ago");
    expect(relative(0, 26 * 60 * minute)).toBe("26 h ago");
    expect(relative(0, 49 * 60 * minute)).toBe("2 d ago");
    expect(relative(10 * minute, 0)).toBe("in 10 min");
    expect(span(-5)).toBe("0 s");
  });

  it("writes exact times so that they sort", () => {
    expect(absolute(Date.UTC(2026, 0, 5, 12, 0, 0))).toMatch(/^2026-01-0\d \d\d:\d\d:\d\d$/);
  });

  it("knows periods", () => {
    expect(periodStart("24h", 86_400_000)).toBe(0);
    expect(periodStart("", 1)).toBeNull();
  });
});

describe("match", () => {
  const routes = [{ pattern: "/", page: "home" }, { pattern: "/alerts/:uid", page: "alert" }];
  it("reads parameters and decodes them", () => {
    expect(match(routes, "/")?.page).toBe("home");
    expect(match(routes, "/alerts/a%2Fb")).toEqual({ page: "alert", parameters: { uid: "a/b" } });
  });

  it("refuses what does not fit or cannot be decoded", () => {
    expect(match(routes, "/alerts")).toBeNull();
    expect(match(routes, "/alerts/%")).toBeNull();
    expect(match(routes, "/alerts/a/b")).toBeNull();
  });
});

describe("stackBuckets", () => {
  it("adds up from the worst severity and draws the tallest first", () => {
    const stack = stackBuckets([{ time: 2000, by_severity: { high: 2, low: 3 } }, { time: 4000, by_severity: {} }], ["high", "low"]);
    expect(stack.times).toEqual([2, 4]);
    expect(stack.layers.map((layer) => [layer.severity, layer.cumulative, layer.total])).toEqual([["low", [5, 0], 3], ["high", [2, 0], 2]]);
    expect(stack.total).toBe(5);
  });
});

describe("inventory", () => {
  const entry = (fields: Partial<InventoryEntry>): InventoryEntry => ({
    kind: "model", name: "m", host: "a", agent_id: "x", first_seen: 5, last_seen: 6, exchanges: 1, input_tokens: 10, output_tokens: 1, ...fields,
  });

  it("sums up hosts under one name", () => {
    const groups = groupInventory([entry({}), entry({ host: "b", first_seen: 2, last_seen: 9, exchanges: 4 }), entry({ name: "n", exchanges: 2 })]);
    expect(groups[0]).toEqual({ name: "m", hosts: ["a", "b"], exchanges: 5, inputTokens: 20, outputTokens: 2, firstSeen: 2, lastSeen: 9 });
    expect(groups[1]?.name).toBe("n");
  });

  it("groups blind spots by reason, the most frequent first", () => {
    const blind = (reason: string, host: string): CoverageEntry => ({ agent_id: host, host, covered: false, reason });
    const spots = blindSpots([blind("x", "a"), blind("y", "a"), blind("y", "b"), { agent_id: "a", host: "a", covered: true }]);
    expect(spots.map((spot) => [spot.reason, spot.entries.length, spot.hosts.length])).toEqual([["y", 2, 2], ["x", 1, 1]]);
  });

  it("compares versions by number", () => {
    expect(["0.10.0", "0.9.2", "0.9.10"].sort(compareVersions)).toEqual(["0.9.2", "0.9.10", "0.10.0"]);
  });

  it("knows counters of loss", () => {
    expect(isLossCounter("ring_lost")).toBe(true);
    expect(isLossCounter("events_read")).toBe(false);
  });
});

describe("roles", () => {
  it("contain one another, the agent's stands apart", () => {
    expect(allows("admin", "viewer")).toBe(true);
    expect(allows("viewer", "analyst")).toBe(false);
    expect(allows("agent", "viewer")).toBe(false);
  });
});

describe("withQuery", () => {
  it("leaves out what is empty and escapes the rest", () => {
    expect(withQuery("/x", { a: "", b: null, c: undefined, d: 0, e: "ä&b" })).toBe("/x?d=0&e=%C3%A4%26b");
    expect(withQuery("/x", {})).toBe("/x");
  });
});
