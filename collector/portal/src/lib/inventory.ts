// The inventory comes per host; people ask about the thing first and its hosts second.
import type { CoverageEntry, InventoryEntry } from "../api/types";

export interface InventoryGroup {
  name: string;
  hosts: string[];
  exchanges: number;
  inputTokens: number;
  outputTokens: number;
  firstSeen: number;
  lastSeen: number;
}

export function groupInventory(entries: InventoryEntry[]): InventoryGroup[] {
  const groups = new Map<string, InventoryGroup>();
  for (const entry of entries) {
    const group = groups.get(entry.name);
    if (!group) {
      groups.set(entry.name, {
        name: entry.name, hosts: [entry.host], exchanges: entry.exchanges, inputTokens: entry.input_tokens,
        outputTokens: entry.output_tokens, firstSeen: entry.first_seen, lastSeen: entry.last_seen,
      });
      continue;
    }
    if (!group.hosts.includes(entry.host)) group.hosts.push(entry.host);
    group.exchanges += entry.exchanges;
    group.inputTokens += entry.input_tokens;
    group.outputTokens += entry.output_tokens;
    group.firstSeen = Math.min(group.firstSeen, entry.first_seen);
    group.lastSeen = Math.max(group.lastSeen, entry.last_seen);
  }
  return [...groups.values()].sort((a, b) => b.exchanges - a.exchanges || a.name.localeCompare(b.name));
}

export interface BlindSpot { reason: string; entries: CoverageEntry[]; hosts: string[] }

/** Processes that are not heard, by reason, the most frequent reason first. */
export function blindSpots(entries: CoverageEntry[]): BlindSpot[] {
  const spots = new Map<string, BlindSpot>();
  for (const entry of entries) {
    if (entry.covered) continue;
    const reason = entry.reason || "no reason given";
    const spot = spots.get(reason) ?? { reason, entries: [], hosts: [] };
    spot.entries.push(entry);
    if (!spot.hosts.includes(entry.host)) spot.hosts.push(entry.host);
    spots.set(reason, spot);
  }
  return [...spots.values()].sort((a, b) => b.entries.length - a.entries.length || a.reason.localeCompare(b.reason));
}

/** Compares "0.10.2" with "0.9.0" by number; what is no number counts as 0. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  const right = b.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference) return difference;
  }
  return 0;
}

/** Counters whose names say that something was lost or refused. */
export function isLossCounter(name: string): boolean {
  return /lost|drop|too_|invalid|fail|error|gap|overflow|reject/.test(name);
}
