import { describe, expect, it } from "vitest";

import type { GraphEdge, GraphNode } from "../src/api/types";
import { kMaxAlerts, layoutGraph, readable, type PlacedNode } from "../src/lib/graph";

function story(alerts: number, entitiesPerAlert: number): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (let index = 0; index < alerts; index++) {
    nodes.push({ id: `a${index}`, kind: "alert", label: `alert ${index}`, severity: "high" });
    if (index) edges.push({ from: `a${index - 1}`, to: `a${index}`, label: "chain" });
    for (let entity = 0; entity < entitiesPerAlert; entity++) {
      nodes.push({ id: `e${index}-${entity}`, kind: "host", label: "h" });
      edges.push({ from: `a${index}`, to: `e${index}-${entity}`, label: "on" });
    }
  }
  return { nodes, edges };
}

const overlap = (a: PlacedNode, b: PlacedNode) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe("layoutGraph", () => {
  it("puts no node over another and none outside, whatever the size", () => {
    for (const [alerts, entities] of [[1, 0], [1, 9], [4, 3], [5, 1], [12, 2], [24, 1]] as const) {
      const { nodes, edges } = story(alerts, entities);
      const layout = layoutGraph(nodes, edges);
      for (const [index, node] of layout.nodes.entries()) {
        expect(node.x + node.width).toBeLessThanOrEqual(layout.width);
        expect(node.y + node.height).toBeLessThanOrEqual(layout.height);
        for (const other of layout.nodes.slice(index + 1)) expect(overlap(node, other), `${node.id} ${other.id}`).toBe(false);
      }
    }
  });

  it("keeps alerts in order of time from left to right", () => {
    const { nodes, edges } = story(5, 1);
    const xs = layoutGraph(nodes, edges).nodes.filter((node) => node.isAlert).map((node) => node.x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
  });

  it("draws an entity that alerts share once", () => {
    const { nodes, edges } = story(3, 0);
    nodes.push({ id: "shared", kind: "conversation", label: "c" });
    for (const index of [0, 1, 2]) edges.push({ from: `a${index}`, to: "shared", label: "in" });
    const layout = layoutGraph(nodes, edges);
    expect(layout.nodes.filter((node) => node.id === "shared")).toHaveLength(1);
    expect(layout.edges).toHaveLength(5);
  });

  it("leaves out what is beyond its limit, and edges to it", () => {
    const { nodes, edges } = story(60, 1);
    const layout = layoutGraph(nodes, edges);
    expect(layout.nodes.filter((node) => node.isAlert)).toHaveLength(kMaxAlerts);
    for (const edge of layout.edges) expect(layout.nodes).toContain(edge.from);
  });

  it("is empty for an empty story", () => {
    expect(layoutGraph([], []).nodes).toEqual([]);
  });

  it("ignores edges to nodes that are not there", () => {
    expect(layoutGraph([{ id: "a", kind: "alert", label: "" }], [{ from: "a", to: "ghost", label: "" }]).edges).toEqual([]);
  });
});

describe("readable", () => {
  it("says what nearly all share instead of drawing it to each, and leaves out what joins nothing", () => {
    const { nodes, edges } = story(20, 0);
    const shared = [["process", 20], ["application", 20], ["conversation", 18], ["url", 3]] as const;
    for (const [kind, sharers] of shared) {
      nodes.push({ id: kind, kind, label: kind });
      for (let index = 0; index < sharers; index++) edges.push({ from: `a${index}`, to: kind, label: kind });
    }
    const graph = readable(nodes, edges);
    expect(graph.common.map((node) => node.kind)).toEqual(["process", "conversation"]);
    expect(graph.nodes.filter((node) => node.kind !== "alert").map((node) => node.kind)).toEqual(["url"]);
    expect(graph.edges).toHaveLength(19 + 3);
  });

  it("draws what two or three alerts share: that is the story", () => {
    const { nodes, edges } = story(3, 0);
    nodes.push({ id: "c", kind: "conversation", label: "c" });
    for (const index of [0, 1, 2]) edges.push({ from: `a${index}`, to: "c", label: "in" });
    expect(readable(nodes, edges).common).toEqual([]);
    expect(readable(nodes, edges).edges).toHaveLength(5);
  });
});
