import { useMemo } from "preact/hooks";

import type { GraphEdge, GraphNode } from "../api/types";
import { kAlertHeight, kAlertWidth, kEntityHeight, kEntityWidth, kMaxAlerts, layoutGraph, readable, type PlacedEdge, type PlacedNode } from "../lib/graph";
import { severityLabel } from "../lib/severity";
import { clip, visibleString } from "../lib/text";
import { Safe } from "./Safe";

/** As many alerts stand beside each other on the page at its usual width. */
const kPerBand = 4;

/** Cuts a label to two lines that fit into a node; SVG text does not wrap by itself. */
function lines(label: string): string[] {
  const words = visibleString(label).split(/\s+/);
  const result: string[] = [""];
  for (const word of words) {
    const last = result.length - 1;
    const joined = `${result[last]} ${word}`.trim();
    if (joined.length <= 27 || result[last] === "") result[last] = clip(joined, 27);
    else if (result.length < 2) result.push(clip(word, 27));
    else return [result[0] ?? "", clip(`${result[1]} ${word}`, 25)];
  }
  return result;
}

/** Letters may be wider than those that the lines are counted in: the clip paths cut them. */
function AlertNode({ node }: { node: PlacedNode }) {
  const [first = "", second = ""] = lines(node.label);
  const severity = node.severity ?? "unknown";
  return (
    <a class="node" href={`/alerts/${encodeURIComponent(node.id)}`}>
      <rect class="box" x={node.x} y={node.y} width={node.width} height={node.height} rx="8" />
      <rect class={`stripe stripe-${severity}`} x={node.x} y={node.y + 6} width="4" height={node.height - 12} rx="2" />
      <g transform={`translate(${node.x} ${node.y})`} clip-path="url(#node-text)">
        <text class="kind" x="14" y="17">{severityLabel[severity]}</text>
        <text x="14" y="33">{first}</text>
        <text x="14" y="48">{second}</text>
      </g>
    </a>
  );
}

function EntityNode({ node }: { node: PlacedNode }) {
  return (
    <g class="node entity">
      <title>{visibleString(node.label)}</title>
      <rect x={node.x} y={node.y} width={node.width} height={node.height} rx="21" />
      <g transform={`translate(${node.x} ${node.y})`} clip-path="url(#entity-text)">
        <text class="kind" x={node.width / 2} y="17" text-anchor="middle">{node.kind.replace(/_/g, " ")}</text>
        <text x={node.width / 2} y="32" text-anchor="middle">{clip(visibleString(node.label), 20)}</text>
      </g>
    </g>
  );
}

/** Why the later alert was joined, in a word that fits between two nodes. */
const kEdgeLabel: Record<string, string> = { entity: "shares", chain: "leads to", first: "", merged: "merged", split: "moved" };

function Edge({ edge }: { edge: PlacedEdge }) {
  const { from, to } = edge;
  const flat = edge.isChain && from.y === to.y;
  return (
    <g>
      <path class={`edge ${edge.isChain ? "chain" : ""}`} d={edge.path} marker-end={flat ? "url(#arrow)" : undefined} />
      {flat ? (
        <text class="edge-label" x={(from.x + from.width + to.x) / 2} y={from.y + from.height / 2 - 7} text-anchor="middle">{kEdgeLabel[edge.label] ?? clip(edge.label, 9)}</text>
      ) : null}
    </g>
  );
}

export function StoryGraph({ nodes, edges }: { nodes: GraphNode[]; edges: GraphEdge[] }) {
  const { layout, common } = useMemo(() => {
    const graph = readable(nodes, edges);
    return { layout: layoutGraph(graph.nodes, graph.edges, kPerBand), common: graph.common };
  }, [nodes, edges]);
  const alerts = nodes.filter((node) => node.kind === "alert").length;
  if (!layout.nodes.length) return <p class="muted">No connections to draw.</p>;
  return (
    <>
      <div class="graph" tabIndex={0} role="region" aria-label="Attack story as a graph: alerts in order of time and what they share">
        <svg width={layout.width} height={layout.height} viewBox={`0 0 ${layout.width} ${layout.height}`} role="group">
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="5" markerHeight="5" orient="auto">
              <path class="arrow-head" d="M0 0 8 4 0 8z" />
            </marker>
            <clipPath id="node-text"><rect width={kAlertWidth - 4} height={kAlertHeight} /></clipPath>
            <clipPath id="entity-text"><rect x="6" width={kEntityWidth - 12} height={kEntityHeight} /></clipPath>
          </defs>
          {layout.edges.map((edge, index) => <Edge key={index} edge={edge} />)}
          {layout.nodes.map((node) => (node.isAlert ? <AlertNode key={node.id} node={node} /> : <EntityNode key={node.id} node={node} />))}
        </svg>
      </div>
      {common.length ? (
        <p class="muted small">Not drawn, because nearly all share it: {common.map((node, index) => (
          <span key={node.id}>{index ? ", " : ""}{node.kind.replace(/_/g, " ")} <Safe text={clip(visibleString(node.label), 80)} /></span>
        ))}.</p>
      ) : null}
      {alerts > kMaxAlerts ? <p class="muted small">The first {kMaxAlerts} of {alerts} alerts are drawn.</p> : null}
    </>
  );
}
