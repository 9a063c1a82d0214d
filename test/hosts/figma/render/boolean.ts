import type { Point } from "../core/paths.ts";
import type { Loop } from "./coverage.ts";

// What boolean operations make of areas, as loops of straight lines: Figma's own outlines keep their curves, these have
// their points on them. Every line is cut where it meets another, and kept where its two sides differ.

/** How areas are combined, each the loops of one part, in the parts' order. */
export type Operation = "UNION" | "INTERSECT" | "SUBTRACT" | "EXCLUDE";

interface Part {
  readonly loops: readonly Loop[];
  readonly rule: "NONZERO" | "EVENODD";
}

interface Edge {
  readonly from: Point;
  readonly to: Point;
}

/** Points nearer than this are one: Figma's own numbers are no finer. */
const grain = 1e-6;

const rounded = ([x, y]: Point): Point => [Math.round(x / grain) * grain, Math.round(y / grain) * grain];
const keyOf = ([x, y]: Point): string => `${Math.round(x / grain)},${Math.round(y / grain)}`;

/** The outlines of what an operation leaves, with the inside on one side of all of them. */
export function combined(parts: readonly Part[], operation: Operation): readonly Loop[] {
  const edges = parts.flatMap(({ loops }) => loops.flatMap(edgesOf));
  const pieces = new Map<string, Edge>();
  for (const edge of edges) {
    for (const piece of cut(edge, edges)) {
      const [one, other] = [keyOf(piece.from), keyOf(piece.to)];
      if (one !== other) pieces.set(one < other ? `${one} ${other}` : `${other} ${one}`, piece);
    }
  }
  const isIn = (point: Point): boolean => holds(parts, operation, point);
  const kept: Edge[] = [];
  for (const { from, to } of pieces.values()) {
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const step = Math.min(1e-4, Math.hypot(dx, dy) / 8) / Math.hypot(dx, dy);
    const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    const right = isIn([x - dy * step, y + dx * step]);
    const left = isIn([x + dy * step, y - dx * step]);
    if (right !== left) kept.push(right ? { from, to } : { from: to, to: from });
  }
  return chained(kept);
}

function edgesOf(loop: Loop): readonly Edge[] {
  const points = loop.map(rounded);
  return points.map((from, index) => ({ from, to: points[(index + 1) % points.length] as Point }));
}

/** The pieces of an edge between all places where another edge meets it. */
function cut(edge: Edge, edges: readonly Edge[]): readonly Edge[] {
  const { from, to } = edge;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const square = dx * dx + dy * dy;
  if (square === 0) return [];
  const places = [0, 1];
  const along = ([x, y]: Point): number => ((x - from[0]) * dx + (y - from[1]) * dy) / square;
  const beside = ([x, y]: Point): number => ((x - from[0]) * dy - (y - from[1]) * dx) / Math.sqrt(square);
  for (const other of edges) {
    if (other === edge || !near(edge, other)) continue;
    const [start, end] = [beside(other.from), beside(other.to)];
    // Points that lie on the edge cut it, on lines that run along it too.
    for (const [point, off] of [
      [other.from, start],
      [other.to, end],
    ] as const)
      if (Math.abs(off) < grain) places.push(along(point));
    if (start * end < 0) {
      const share = start / (start - end);
      places.push(
        along([
          other.from[0] + (other.to[0] - other.from[0]) * share,
          other.from[1] + (other.to[1] - other.from[1]) * share,
        ]),
      );
    }
  }
  const inside = places.filter((place) => place >= 0 && place <= 1).sort((a, b) => a - b);
  const points = inside.map((place): Point => rounded([from[0] + dx * place, from[1] + dy * place]));
  return points.slice(1).map((point, index) => ({ from: points[index] as Point, to: point }));
}

/** True for edges whose boxes meet. */
function near(one: Edge, other: Edge): boolean {
  return [0, 1].every(
    (axis) =>
      Math.min(one.from[axis] as number, one.to[axis] as number) <=
        Math.max(other.from[axis] as number, other.to[axis] as number) + grain &&
      Math.min(other.from[axis] as number, other.to[axis] as number) <=
        Math.max(one.from[axis] as number, one.to[axis] as number) + grain,
  );
}

function holds(parts: readonly Part[], operation: Operation, point: Point): boolean {
  const inside = parts.map(({ loops, rule }) => {
    const winding = loops.reduce((sum, loop) => sum + windingAround(loop, point), 0);
    return rule === "EVENODD" ? winding % 2 !== 0 : winding !== 0;
  });
  switch (operation) {
    case "UNION":
      return inside.includes(true);
    case "INTERSECT":
      return inside.every(Boolean);
    case "SUBTRACT":
      return inside[0] === true && !inside.includes(true, 1);
    case "EXCLUDE":
      return inside.filter(Boolean).length % 2 === 1;
  }
}

/** How often a loop goes around a point. */
function windingAround(loop: Loop, [x, y]: Point): number {
  let winding = 0;
  for (const [index, from] of loop.entries()) {
    const to = loop[(index + 1) % loop.length] as Point;
    if (from[1] <= y === to[1] <= y) continue;
    const crossing = from[0] + ((y - from[1]) / (to[1] - from[1])) * (to[0] - from[0]);
    if (crossing > x) winding += from[1] < to[1] ? 1 : -1;
  }
  return winding;
}

/** Edges end to end as loops. As many leave a point as come to it, so that every way leads back. */
function chained(edges: readonly Edge[]): readonly Loop[] {
  const leaving = new Map<string, Edge[]>();
  for (const edge of edges) {
    const key = keyOf(edge.from);
    const known = leaving.get(key);
    if (known) known.push(edge);
    else leaving.set(key, [edge]);
  }
  const loops: Point[][] = [];
  for (const first of edges) {
    const points: Point[] = [];
    let at: Edge | undefined = leaving.get(keyOf(first.from))?.pop();
    while (at) {
      points.push(at.from);
      at = leaving.get(keyOf(at.to))?.pop();
    }
    const loop = withoutStraight(points);
    if (loop.length > 2) loops.push(loop);
  }
  return loops;
}

/** A loop without the points that lie on the line between their neighbours. */
function withoutStraight(points: readonly Point[]): Point[] {
  return points.filter((point, index) => {
    const before = points[(index + points.length - 1) % points.length] as Point;
    const after = points[(index + 1) % points.length] as Point;
    const [ax, ay] = [point[0] - before[0], point[1] - before[1]];
    const [bx, by] = [after[0] - point[0], after[1] - point[1]];
    return Math.abs(ax * by - ay * bx) > 1e-9 * Math.hypot(ax, ay) * Math.hypot(bx, by) || ax * bx + ay * by < 0;
  });
}
