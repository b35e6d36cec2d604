// Data of the stacked chart: cumulative counts, so that each series is drawn in front of the taller
// one behind it. The worst severity stands on the base line, where heights compare best.
import type { Overview, Severity } from "../api/types";

export interface Stack {
  /** Bucket starts in seconds, as the chart wants them. */
  times: number[];
  /** Tallest (drawn first) to worst severity (drawn last). */
  layers: { severity: Severity; cumulative: number[]; total: number }[];
  total: number;
}

export function stackBuckets(buckets: Overview["buckets"], severities: readonly Severity[]): Stack {
  const running = buckets.map(() => 0);
  const layers = severities.map((severity) => {
    let total = 0;
    const cumulative = buckets.map((bucket, index) => {
      const value = bucket.by_severity[severity] ?? 0;
      total += value;
      running[index] = (running[index] ?? 0) + value;
      return running[index] ?? 0;
    });
    return { severity, cumulative, total };
  });
  return {
    times: buckets.map((bucket) => bucket.time / 1000),
    layers: layers.reverse(),
    total: layers.reduce((sum, layer) => sum + layer.total, 0),
  };
}
