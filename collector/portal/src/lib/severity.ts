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
export function byUrgency(a: { severity: Severity; time: number }, b: { severity: Severity; time: number }): number {
  return kSeverities.indexOf(a.severity) - kSeverities.indexOf(b.severity) || b.time - a.time;
}
