import { type Bounds, boxOf, heightOf, isEmpty, widthOf } from "./bounds.ts";

// Vector masks and shapes as pixels, by looking at many places in each pixel: slow, plain, and nothing of it shared with the
// plugin that is tested. The parts of a path join one after the other, as Photoshop's own tools do it.

/** A corner, or a knot with the handles before and after it. */
export type Knot = readonly [x: number, y: number] | readonly [before: Place, at: Place, after: Place];

type Place = readonly [x: number, y: number];

/** One part of a path. */
export interface PathPart {
  /** "add" without it. */
  readonly operation?: "add" | "subtract" | "intersect" | "xor";
  /** Fill where lines wind around, rather than where they enclose an odd number of times. */
  readonly winding?: boolean;
  readonly rings: readonly { readonly closed?: boolean; readonly knots: readonly Knot[] }[];
}

/** A stroke of a shape. */
export interface ShapeStroke {
  readonly width: number;
  /** "centre" without it. */
  readonly side?: "inside" | "centre" | "outside";
}

/** A knot as its three places. */
export const placesOf = (knot: Knot): readonly [before: Place, at: Place, after: Place] =>
  knot.length === 3 ? knot : [knot, knot, knot];

type Segment = readonly [x0: number, y0: number, x1: number, y1: number];

/** The straight pieces of each part; open lines are closed, as they are for filling. */
function segmentsOf(parts: readonly PathPart[], steps = 64): Segment[][] {
  return parts.map(({ rings }) =>
    rings.flatMap(({ knots }) => {
      const places: Place[] = [];
      for (const [n, knot] of knots.entries()) {
        const [, a, b] = placesOf(knot);
        const [c, d] = placesOf(knots[(n + 1) % knots.length] as Knot);
        for (let step = 0; step < steps; step++) {
          const [t, u] = [step / steps, 1 - step / steps];
          const mix = (k: 0 | 1) => u * u * u * a[k] + 3 * u * u * t * b[k] + 3 * u * t * t * c[k] + t * t * t * d[k];
          places.push([mix(0), mix(1)]);
        }
      }
      return places.map((place, n): Segment => [...place, ...(places[(n + 1) % places.length] as Place)]);
    }),
  );
}

/** What the parts make of one place, from how often each winds around it. */
function joined(parts: readonly PathPart[], turns: readonly number[]): boolean {
  const [first] = parts;
  // A path that begins by taking away takes away from everything.
  let inside = first?.operation === "subtract" || first?.operation === "intersect";
  for (const [n, { operation = "add", winding = false }] of parts.entries()) {
    const turned = turns[n] as number;
    const own = winding ? turned !== 0 : turned % 2 !== 0;
    if (operation === "add") inside ||= own;
    else if (operation === "subtract") inside &&= !own;
    else if (operation === "intersect") inside &&= own;
    else inside = inside !== own;
  }
  return inside;
}

function isInside(parts: readonly PathPart[], segments: readonly Segment[][], x: number, y: number): boolean {
  const turns = segments.map((own) => {
    let turned = 0;
    for (const [xa, ya, xb, yb] of own) {
      if (ya > y === yb > y) continue;
      if (xa + ((y - ya) / (yb - ya)) * (xb - xa) > x) turned += yb > ya ? 1 : -1;
    }
    return turned;
  });
  return joined(parts, turns);
}

/** Places looked at along each side of a pixel. */
const FINE = 8;

/** How much of each pixel of a box a path covers, from 0 to 1. */
export function coverageOf(parts: readonly PathPart[], box: Bounds): Float32Array {
  const [wide, high] = [widthOf(box), heightOf(box)];
  const cover = new Float32Array(isEmpty(box) ? 0 : wide * high);
  const all = segmentsOf(parts);
  const columns = wide * FINE;
  for (let line = 0; line < high * FINE; line++) {
    const y = box.top + (line + 0.5) / FINE;
    // For each part, how the winding changes from one looked-at place to the next.
    const changes = all.map((own) => {
      const change = new Int32Array(columns + 1);
      for (const [xa, ya, xb, yb] of own) {
        if (ya > y === yb > y) continue;
        const x = xa + ((y - ya) / (yb - ya)) * (xb - xa);
        const at = Math.ceil((x - box.left) * FINE - 0.5);
        const to = Math.min(columns, Math.max(0, at));
        change[to] = (change[to] as number) + (yb > ya ? 1 : -1);
      }
      return change;
    });
    const turns = parts.map(() => 0);
    for (let column = 0; column < columns; column++) {
      for (let n = 0; n < turns.length; n++) turns[n] = (turns[n] as number) + (changes[n]?.[column] as number);
      if (!joined(parts, turns)) continue;
      const at = Math.floor(line / FINE) * wide + Math.floor(column / FINE);
      cover[at] = (cover[at] as number) + 1 / (FINE * FINE);
    }
  }
  return cover;
}

/** How much of each pixel a stroke around what a path encloses covers; corners and ends are round, and nothing is dashed. */
export function strokeCoverage(
  parts: readonly PathPart[],
  { width, side = "centre" }: ShapeStroke,
  box: Bounds,
): Float32Array {
  const [wide, high] = [widthOf(box), heightOf(box)];
  const cover = new Float32Array(isEmpty(box) ? 0 : wide * high);
  const fine = 4;
  const all = segmentsOf(parts, 16);
  const lines = all.flat().filter(([xa, ya, xb, yb]) => {
    const [ux, uy] = [xb - xa, yb - ya];
    const long = Math.hypot(ux, uy);
    if (long === 0) return false;
    const [nx, ny] = [(uy / long) * 0.01, (-ux / long) * 0.01];
    const [mx, my] = [(xa + xb) / 2, (ya + yb) / 2];
    return isInside(parts, all, mx + nx, my + ny) !== isInside(parts, all, mx - nx, my - ny);
  });
  const reach = side === "centre" ? width / 2 : width;
  for (let row = 0; row < high * fine; row++) {
    const y = box.top + (row + 0.5) / fine;
    const near = lines.filter(([, ya, , yb]) => Math.min(ya, yb) <= y + reach && Math.max(ya, yb) >= y - reach);
    if (near.length === 0) continue;
    for (let column = 0; column < wide * fine; column++) {
      const x = box.left + (column + 0.5) / fine;
      if (!near.some((line) => distance(line, x, y) <= reach)) continue;
      if (side !== "centre" && isInside(parts, all, x, y) !== (side === "inside")) continue;
      const at = Math.floor(row / fine) * wide + Math.floor(column / fine);
      cover[at] = (cover[at] as number) + 1 / (fine * fine);
    }
  }
  return cover;
}

function distance([xa, ya, xb, yb]: Segment, x: number, y: number): number {
  const [ux, uy] = [xb - xa, yb - ya];
  const t = Math.min(1, Math.max(0, ((x - xa) * ux + (y - ya) * uy) / (ux * ux + uy * uy)));
  return Math.hypot(x - xa - t * ux, y - ya - t * uy);
}

/** The whole pixels that a path and a stroke around it may touch; everything for one that begins by taking away. */
export function reachOf(parts: readonly PathPart[], stroke: number, canvas: Bounds): Bounds {
  if (parts[0]?.operation === "subtract") return canvas;
  const places = parts.flatMap(({ rings }) => rings.flatMap(({ knots }) => knots.flatMap((knot) => placesOf(knot))));
  if (places.length === 0) return boxOf(0, 0, 0, 0);
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  return {
    left: Math.floor(Math.min(...xs) - stroke),
    top: Math.floor(Math.min(...ys) - stroke),
    right: Math.ceil(Math.max(...xs) + stroke),
    bottom: Math.ceil(Math.max(...ys) + stroke),
  };
}

/** The parts moved by whole pixels. */
export function movedParts(parts: readonly PathPart[], x: number, y: number): readonly PathPart[] {
  const moved = ([px, py]: Place): Place => [px + x, py + y];
  return parts.map((part) => ({
    ...part,
    rings: part.rings.map((ring) => ({
      ...ring,
      knots: ring.knots.map((knot): Knot => {
        if (knot.length === 2) return moved(knot);
        return [moved(knot[0]), moved(knot[1]), moved(knot[2])];
      }),
    })),
  }));
}
