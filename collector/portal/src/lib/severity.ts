import type { Classification, Severity, Status } from "../api/types";

export const kSeverities: readonly Severity[] = [
  "fatal", "critical", "high", "medium", "low", "informational", "unknown",
];
/** What filters and charts offer: agents send no other ones. */
export const kCommonSeverities: readonly Severity[] = [
  "critical", "high", "medium", "low", "informational",
];
export const kStatuses: readonly Status[] = ["new", "in_progress", "resolved", "suppressed"];

export const severityLabel: Record<Severity, string> = {
  fatal: "Fatal",
  critical: "Critical",
  high: "High",
  medium: "Medium",
  low: "Low",
  informational: "Info",
  unknown: "Unknown",
};

export const statusLabel: Record<Status, string> = {
  new: "New",
  in_progress: "In progress",
  resolved: "Resolved",
  suppressed: "Suppressed",
};

export const classificationLabel: Record<Exclude<Classification, null>, string> = {
  true_positive: "True positive",
  false_positive: "False positive",
  benign: "Benign, expected",
};

/** Worst first, newest first among equals. */
interface Urgent { severity: Severity; time?: number; last_time?: number }

/** The most severe first, then the newest. */
export function byUrgency(a: Urgent, b: Urgent): number {
  const age = (b.time ?? b.last_time ?? 0) - (a.time ?? a.last_time ?? 0);
  return kSeverities.indexOf(a.severity) - kSeverities.indexOf(b.severity) || age;
}
