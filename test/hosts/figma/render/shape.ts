import { absoluteTransform, type Size, sizeOf } from "../core/geometry.ts";
import { apply, invert, multiply } from "../core/matrix.ts";
import { flatten, type Point } from "../core/paths.ts";
import { sideWeights } from "../core/properties.ts";
import type { Store } from "../core/store.ts";
import type { Transform } from "../typings.ts";
import { type Canvas, type Coverage, combine, cover, type Loop, nothing } from "./coverage.ts";
import { outlinesOf } from "./outline.ts";
import { type Pen, strokeArea } from "./stroke.ts";

// A node's own shape as areas: what its fills and its strokes cover.

/** The longest line that stands for a piece of curve, in pixels. */
const curveStep = 0.5;

const scaleOf = ([[a, c], [b, d]]: Transform): number => Math.sqrt(Math.abs(a * d - b * c)) || 1;

/** What a node's fills cover, in the picture that `toPixels` (from the node's own units) leads to. */
export function fillArea(store: Store, id: string, toPixels: Transform, canvas: Canvas): Coverage {
  const { type, fields } = store.at(id);
  if (type === "BOOLEAN_OPERATION") {
    const how = booleans[fields["booleanOperation"] as string] ?? union;
    const parts = store.children(id).filter((child) => store.at(child).fields["visible"] !== false);
    const areas = parts.map((child) => fillArea(store, child, toPixelsOf(store, id, child, toPixels), canvas));
    return areas.slice(1).reduce((all, area) => combine(all, area, how), areas[0] ?? nothing);
  }
  const step = curveStep / scaleOf(toPixels);
  const areas = outlinesOf(store, id)
    .filter(({ rule }) => rule !== "NONE")
    .map((outline) => {
      const loops = flatten(outline, step).map(({ points }) => points.map((point) => apply(toPixels, ...point)));
      return cover(loops, outline.rule === "EVENODD" ? "EVENODD" : "NONZERO", canvas);
    });
  return areas.reduce((all, area) => (all === nothing ? area : combine(all, area, union)), nothing);
}

/** From a child's own units to the picture, when it is known from its parent's. */
function toPixelsOf(store: Store, parent: string, child: string, toPixels: Transform): Transform {
  const within = multiply(invert(absoluteTransform(store, parent)), absoluteTransform(store, child));
  return multiply(toPixels, within);
}

const union = (a: number, b: number): number => a + b - a * b;

const booleans: Readonly<Record<string, (a: number, b: number) => number>> = {
  UNION: union,
  INTERSECT: (a, b) => a * b,
  SUBTRACT: (a, b) => a * (1 - b),
  EXCLUDE: (a, b) => a + b - 2 * a * b,
};

/** What a node's strokes cover. Inside and outside are halves of a stroke of twice the weight. */
export function strokeCoverage(store: Store, id: string, toPixels: Transform, canvas: Canvas): Coverage {
  const loops = strokeLoops(store, id, curveStep / scaleOf(toPixels)).map((loop) =>
    loop.map((point) => apply(toPixels, ...point)),
  );
  const mirrored = toPixels[0][0] * toPixels[1][1] - toPixels[0][1] * toPixels[1][0] < 0;
  const area = cover(mirrored ? loops.map((loop) => [...loop].reverse()) : loops, "NONZERO", canvas);
  const align = alignOf(store, id);
  if (align === "CENTER") return area;
  const inside = fillArea(store, id, toPixels, canvas);
  return combine(area, inside, align === "INSIDE" ? (a, b) => a * b : (a, b) => a * (1 - b));
}

/** Where the strokes lie; an open line has no inside. */
function alignOf(store: Store, id: string): string {
  const isOpen = outlinesOf(store, id).some(
    ({ rule, segments }) => rule === "NONE" || segments.at(-1)?.type !== "close",
  );
  return isOpen ? "CENTER" : (store.at(id).fields["strokeAlign"] as string);
}

/** The areas of a node's strokes in its own units, before inside and outside are told apart. */
export function strokeLoops(store: Store, id: string, step: number): readonly Loop[] {
  const { fields } = store.at(id);
  const weights = sideWeights(fields);
  const [weight = 0] = weights;
  const share = alignOf(store, id) === "CENTER" ? 1 : 2;
  if (weights.some((other) => other !== weight)) return sideLoops(sizeOf(store, id), weights, share / 2);
  const pen: Pen = {
    weight: share * weight,
    join: (fields["strokeJoin"] as Pen["join"] | undefined) ?? "MITER",
    cap: (fields["strokeCap"] as string | undefined) ?? "NONE",
    miterLimit: (fields["strokeMiterLimit"] as number | undefined) ?? 4,
    dashes: (fields["dashPattern"] as readonly number[] | undefined) ?? [],
  };
  return outlinesOf(store, id).flatMap((outline) =>
    flatten(outline, step).flatMap(({ points, closed }) => strokeArea(points, closed, pen)),
  );
}

/** The strokes of a box whose sides have weights of their own; `share` of them lies to either side of the outline. */
function sideLoops({ width, height }: Size, weights: readonly number[], share: number): readonly Loop[] {
  const [top = 0, right = 0, bottom = 0, left = 0] = weights.map((weight) => weight * share);
  const bar = (x: number, y: number, toX: number, toY: number): Loop => [
    [x, y],
    [toX, y],
    [toX, toY],
    [x, toY],
  ];
  const bars = [
    bar(-left, -top, width + right, top),
    bar(width - right, -top, width + right, height + bottom),
    bar(-left, height - bottom, width + right, height + bottom),
    bar(-left, -top, left, height + bottom),
  ];
  return bars.filter((_, side) => (weights[side] as number) > 0);
}

/** The points that bound a node's strokes, in its own units. */
export function strokePoints(store: Store, id: string): readonly Point[] {
  return alignOf(store, id) === "INSIDE" ? [] : strokeLoops(store, id, 1).flat();
}
