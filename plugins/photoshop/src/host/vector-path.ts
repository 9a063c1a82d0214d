import type { Operation, Part } from "./area.ts";
import { fieldsOf, listOf, pixelsFrom, wordOf } from "./descriptor.ts";
import type { Ring } from "./outline.ts";

/** What is needed of a document to read its paths. */
export interface PathSpace {
  readonly width: number;
  readonly height: number;
  /** Pixels per inch. */
  readonly resolution: number;
}

/** Points of one path that are read: more than a traced photograph has. */
const MOST_KNOTS = 100_000;

/** Photoshop's words for how a part joins those before it. "interfaceIconFrameDimmed" shares a code with "intersect". */
const operations: Readonly<Record<string, Operation>> = {
  add: "add",
  subtract: "subtract",
  intersect: "intersect",
  interfaceIconFrameDimmed: "intersect",
  xor: "xor",
};

/**
 * The parts of a path from what Photoshop answers when a layer's vector mask is asked for (`pathContents`), in pixels of
 * the document. A path that is none, or has a point that is none, has no parts.
 */
export function partsFrom(contents: unknown, space: PathSpace): Part[] {
  let left = MOST_KNOTS;
  const parts: Part[] = [];
  for (const component of listOf(fieldsOf(contents)["pathComponents"]).map(fieldsOf)) {
    const rings: Ring[] = [];
    for (const subpath of listOf(component["subpathListKey"]).map(fieldsOf)) {
      const points = listOf(subpath["points"]);
      left -= points.length;
      if (left < 0) return parts;
      const knots: number[] = [];
      for (const point of points.map(fieldsOf)) {
        const anchor = place(point["anchor"], space);
        if (!anchor) return [];
        // A corner has no handles. The one behind it is where its line came from.
        const before = place(point["backward"], space) ?? anchor;
        const after = place(point["forward"], space) ?? anchor;
        knots.push(...before, ...anchor, ...after);
      }
      if (knots.length > 0) rings.push({ closed: subpath["closedSubpath"] === true, knots });
    }
    if (rings.length === 0) continue;
    parts.push({
      operation: operations[wordOf(component["shapeOperation"]) ?? ""] ?? "add",
      outline: { rings, rule: component["windingFill"] === true ? "nonzero" : "evenodd" },
    });
  }
  return parts;
}

function place(value: unknown, { width, height, resolution }: PathSpace): readonly [x: number, y: number] | null {
  const point = fieldsOf(value);
  const x = pixelsFrom(point["horizontal"], resolution, width);
  const y = pixelsFrom(point["vertical"], resolution, height);
  return x === null || y === null ? null : [x, y];
}
