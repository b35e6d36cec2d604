// Layout of an attack story: alerts run from left to right in order of time, what they share stands
// below them, each entity under the middle of its alerts. Long stories wrap to further bands.
import type { GraphEdge, GraphNode } from "../api/types";

export interface PlacedNode extends GraphNode { x: number; y: number; width: number; height: number; isAlert: boolean }

export interface PlacedEdge { from: PlacedNode; to: PlacedNode; label: string; isChain: boolean; path: string }

export interface GraphLayout { nodes: PlacedNode[]; edges: PlacedEdge[]; width: number; height: number }

export const kAlertWidth = 200;
export const kEntityWidth = 150;
export const kAlertHeight = 58;
export const kEntityHeight = 42;
const kGapX = 56;
const kGapY = 26;
const kEntityGap = 12;
/** How far an entity may stand to the right of the middle of its alerts before a new row begins. */
const kEntityShift = 180;
const kMargin = 12;
const kBandGap = 64;
/** More alerts than this make no picture; the list below shows them all. */
export const kMaxAlerts = 24;
const kMaxEntities = 40;

/** What every alert has, and joins none: it would only draw lines. */
const kPlain = new Set(["host", "application", "model", "provider"]);
/** From so many alerts on, what nearly all share is said in a sentence instead of drawn to each. */
const kCrowd = 4;
const kNearlyAll = 0.8;

export interface ReadableGraph { nodes: GraphNode[]; edges: GraphEdge[]; common: GraphNode[] }

/** Leaves out what tells nothing about which alert belongs to which. */
export function readable(nodes: GraphNode[], edges: GraphEdge[]): ReadableGraph {
  const alerts = nodes.filter((node) => node.kind === "alert").slice(0, kMaxAlerts);
  const drawn = new Set(alerts.map((alert) => alert.id));
  const common: GraphNode[] = [];
  const kept = nodes.filter((node) => {
    if (node.kind === "alert") return true;
    if (kPlain.has(node.kind)) return false;
    const sharers = [...neighbours(node.id, edges)].filter((id) => drawn.has(id)).length;
    const everywhere = alerts.length >= kCrowd && sharers >= kNearlyAll * alerts.length;
    if (everywhere) common.push(node);
    return !everywhere;
  });
  const ids = new Set(kept.map((node) => node.id));
  return { nodes: kept, edges: edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to)), common };
}

interface Band { alerts: GraphNode[]; entities: GraphNode[] }

function bandsOf(alerts: GraphNode[], entities: GraphNode[], edges: GraphEdge[], perBand: number): Band[] {
  const bands: Band[] = [];
  for (let from = 0; from < alerts.length; from += perBand) {
    bands.push({ alerts: alerts.slice(from, from + perBand), entities: [] });
  }
  for (const entity of entities) {
    const near = neighbours(entity.id, edges);
    const band = bands.find((candidate) => candidate.alerts.some((alert) => near.has(alert.id)));
    (band ?? bands[0])?.entities.push(entity);
  }
  return bands;
}

function neighbours(id: string, edges: GraphEdge[]): Set<string> {
  const result = new Set<string>();
  for (const edge of edges) {
    if (edge.from === id) result.add(edge.to);
    if (edge.to === id) result.add(edge.from);
  }
  return result;
}

function wantedX(entity: GraphNode, placed: Map<string, PlacedNode>, edges: GraphEdge[]): number {
  const xs = [...neighbours(entity.id, edges)].flatMap((id) => {
    const node = placed.get(id);
    return node?.isAlert ? [node.x + (kAlertWidth - kEntityWidth) / 2] : [];
  });
  return xs.length ? xs.reduce((sum, x) => sum + x, 0) / xs.length : kMargin;
}

/** Places one band and returns the y below it. */
function placeBand(band: Band, top: number, width: number, edges: GraphEdge[], placed: Map<string, PlacedNode>): number {
  band.alerts.forEach((alert, index) => {
    placed.set(alert.id, {
      ...alert, isAlert: true, x: kMargin + index * (kAlertWidth + kGapX), y: top, width: kAlertWidth, height: kAlertHeight,
    });
  });
  const order = band.entities
    .map((entity) => ({ entity, x: wantedX(entity, placed, edges) }))
    .sort((a, b) => a.x - b.x || a.entity.id.localeCompare(b.entity.id));
  const rowEnds: number[] = [];
  const firstRow = top + kAlertHeight + kBandGap;
  const rowWidth = order.length * (kEntityWidth + kEntityGap) - kEntityGap;
  if (rowWidth <= width - 2 * kMargin) {
    // All in one row, in the order of what they belong to: no edge passes behind another entity.
    order.forEach(({ entity }, index) => placed.set(entity.id, {
      ...entity, isAlert: false, x: (width - rowWidth) / 2 + index * (kEntityWidth + kEntityGap), y: firstRow, width: kEntityWidth, height: kEntityHeight,
    }));
    return order.length ? firstRow + kEntityHeight : top + kAlertHeight;
  }
  for (const { entity, x } of order) {
    const fits = (end: number) => end <= x + kEntityShift && Math.max(end, x) + kEntityWidth <= width - kMargin;
    let row = rowEnds.findIndex(fits);
    if (row < 0) row = rowEnds.length;
    const at = Math.max(x, rowEnds[row] ?? kMargin);
    rowEnds[row] = at + kEntityWidth + kEntityGap;
    placed.set(entity.id, {
      ...entity, isAlert: false, x: at, y: firstRow + row * (kEntityHeight + kGapY), width: kEntityWidth, height: kEntityHeight,
    });
  }
  const rows = rowEnds.length;
  return rows ? firstRow + rows * (kEntityHeight + kGapY) - kGapY : top + kAlertHeight;
}

function edgePath(from: PlacedNode, to: PlacedNode): string {
  if (from.isAlert && to.isAlert && from.y === to.y) {
    const y = from.y + from.height / 2;
    return `M${from.x + from.width} ${y}L${to.x - 7} ${y}`;
  }
  const [upper, lower] = from.y <= to.y ? [from, to] : [to, from];
  const x1 = upper.x + upper.width / 2;
  const y1 = upper.y + upper.height;
  const x2 = lower.x + lower.width / 2;
  const y2 = lower.y;
  const middle = (y1 + y2) / 2;
  return `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`;
}

export function layoutGraph(nodes: GraphNode[], edges: GraphEdge[], perBand = 5): GraphLayout {
  const alerts = nodes.filter((node) => node.kind === "alert").slice(0, kMaxAlerts);
  const shown = new Set(alerts.map((alert) => alert.id));
  const entities = nodes
    .filter((node) => node.kind !== "alert" && [...neighbours(node.id, edges)].some((id) => shown.has(id)))
    .slice(0, kMaxEntities);
  const columns = Math.max(1, Math.min(perBand, alerts.length));
  const width = 2 * kMargin + Math.max(columns, 2) * (kAlertWidth + kGapX) - kGapX;
  const placed = new Map<string, PlacedNode>();
  let top = kMargin;
  for (const band of bandsOf(alerts, entities, edges, columns)) {
    top = placeBand(band, top, width, edges, placed) + kBandGap;
  }
  const all = [...placed.values()];
  const placedEdges = edges.flatMap((edge) => {
    const from = placed.get(edge.from);
    const to = placed.get(edge.to);
    if (!from || !to) return [];
    return [{ from, to, label: edge.label, isChain: from.isAlert && to.isAlert, path: edgePath(from, to) }];
  });
  const right = Math.max(width, ...all.map((node) => node.x + node.width + kMargin));
  return { nodes: all, edges: placedEdges, width: right, height: Math.max(kMargin, top - kBandGap + kMargin) };
}
