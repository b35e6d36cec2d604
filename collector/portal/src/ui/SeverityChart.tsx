// Alerts over time, stacked by severity. A click opens the alerts of that bar.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import type { Overview, Severity } from "../api/types";
import { navigate } from "../lib/router";
import { kCommonSeverities, severityLabel } from "../lib/severity";
import { stackBuckets, type Stack } from "../lib/stack";
import { count } from "../lib/text";
import { resolveColor, useThemeVersion } from "../lib/theme";
import { absolute } from "../lib/time";

interface Hover { index: number; left: number }

const kBar = uPlot.paths.bars?.({ size: [0.72, 40], radius: 0.12 });

function colorOf(severity: Severity): string {
  return resolveColor(severity === "informational" ? "--info-solid" : `--${severity}-solid`);
}

function axis(size: number): uPlot.Axis {
  const line = resolveColor("--line");
  return {
    stroke: resolveColor("--text-3"),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    size,
  };
}

function options(width: number, height: number, stack: Stack, onHover: (hover: Hover | null) => void, bucketMs: number): uPlot.Options {
  const half = bucketMs / 2000;
  return {
    width,
    height,
    legend: { show: false },
    cursor: { points: { show: false }, y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_, min, max) => [min - half, max + half] },
      y: { range: (_, __, max) => [0, Math.max(4, max * 1.05)] },
    },
    axes: [
      { ...axis(34), grid: { show: false } },
      { ...axis(38), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000], space: 34 },
    ],
    series: [
      {},
      ...stack.layers.map((layer) => ({
        ...(kBar ? { paths: kBar } : {}),
        fill: colorOf(layer.severity),
        width: 0,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [(plot) => {
        const index = plot.cursor.idx;
        onHover(index === null || index === undefined || (plot.cursor.left ?? -1) < 0
          ? null
          : { index, left: plot.valToPos(stack.times[index] ?? 0, "x") + plot.bbox.left / devicePixelRatio });
      }],
    },
  };
}

export function SeverityChart({ overview }: { overview: Overview }) {
  const box = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const theme = useThemeVersion();
  const stack = useMemo(() => stackBuckets(overview.buckets, kCommonSeverities), [overview]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const data = [stack.times, ...stack.layers.map((layer) => layer.cumulative)] as uPlot.AlignedData;
    const { width, height } = size();
    const plot = new uPlot(options(width, height, stack, setHover, overview.bucket_ms), data, element);
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [stack, theme]);

  const open = () => {
    const bucket = hover ? overview.buckets[hover.index] : undefined;
    if (bucket) navigate(`/alerts?since=${bucket.time}&until=${bucket.time + overview.bucket_ms}`);
  };
  const summary = `${count(stack.total, "alert")} over time: ` +
    [...stack.layers].reverse().map((layer) => `${layer.total} ${severityLabel[layer.severity].toLowerCase()}`).join(", ");
  return (
    <div class="chart" onClick={open} role="img" aria-label={summary}>
      <div class="chart-box" ref={box} aria-hidden="true" />
      {hover ? <Tip overview={overview} hover={hover} width={box.current?.clientWidth ?? 0} /> : null}
    </div>
  );
}

function Tip({ overview, hover, width }: { overview: Overview; hover: Hover; width: number }) {
  const bucket = overview.buckets[hover.index];
  if (!bucket) return null;
  const rows = kCommonSeverities.filter((severity) => bucket.by_severity[severity]);
  const side = hover.left > width - 190 ? { right: `${width - hover.left + 12}px` } : { left: `${hover.left + 12}px` };
  return (
    <div class="chart-tip" style={{ ...side, top: "8px" }}>
      <strong>{absolute(bucket.time).slice(0, 16)}</strong>
      {rows.length ? rows.map((severity) => (
        <div key={severity} class="row">
          <span class="row"><i class={`tip-swatch fill-${severity}`} />{severityLabel[severity]}</span>
          <span>{bucket.by_severity[severity]}</span>
        </div>
      )) : <div class="muted">No alerts</div>}
    </div>
  );
}
