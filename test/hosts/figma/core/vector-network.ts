import type { VectorNetwork, VectorRegion, VectorSegment } from "../typings.ts";
import type { Outline, Point } from "./paths.ts";

/** Outlines as Figma's network of vertices and segments, a region for each that is filled; no two paths share a vertex. */
export function networkOf(outlines: readonly Outline[]): VectorNetwork {
  const vertices: { readonly x: number; readonly y: number }[] = [];
  const segments: VectorSegment[] = [];
  const regions: VectorRegion[] = [];
  for (const { segments: parts, rule } of outlines) {
    const loops: number[][] = [];
    let start = 0;
    let last = 0;
    let at: Point = [0, 0];
    const add = (to: Point, out: Point, into: Point): void => {
      const first = vertices[start];
      // Back where the path began, it is the first vertex again.
      const isBack = first !== undefined && vertices.length - start > 1 && first.x === to[0] && first.y === to[1];
      const from = last;
      last = isBack ? start : vertices.push({ x: to[0], y: to[1] }) - 1;
      loops.at(-1)?.push(segments.length);
      segments.push({ start: from, end: last, tangentStart: offset(out, at), tangentEnd: offset(into, to) });
    };
    for (const part of parts) {
      if (part.type === "close") {
        const first = vertices[start];
        if (first && vertices.length - 1 > start && (first.x !== at[0] || first.y !== at[1])) {
          const to: Point = [first.x, first.y];
          add(to, at, to);
          at = to;
        }
        continue;
      }
      if (part.type === "quadratic") add(part.to, toward(at, part.over), toward(part.to, part.over));
      else if (part.type === "move") {
        start = vertices.push({ x: part.to[0], y: part.to[1] }) - 1;
        last = start;
        loops.push([]);
      } else if (part.type === "line") add(part.to, at, part.to);
      else if (part.type === "cubic") add(part.to, part.out, part.into);
      at = part.to;
    }
    const filled = loops.filter((loop) => loop.length > 0);
    if (rule !== "NONE" && filled.length > 0) regions.push({ windingRule: rule, loops: filled });
  }
  return { vertices, segments, regions };
}

const offset = ([x, y]: Point, [fromX, fromY]: Point): { x: number; y: number } => ({ x: x - fromX, y: y - fromY });

/** Two thirds of the way: where the cubic curve has its handle that is the quadratic one. */
const toward = (from: Point, to: Point): Point => [
  from[0] + ((to[0] - from[0]) * 2) / 3,
  from[1] + ((to[1] - from[1]) * 2) / 3,
];
