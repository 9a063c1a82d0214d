import type { FillRule, Matrix, Rect } from "../core/index.ts";
import { type PathData, readPathData } from "../scene/path-data.ts";

// What has to be known of outlines to place gradients and to join several clips into one: their boxes, and the way round
// in which they run.

/** An outline with its place. */
export interface PlacedOutline {
  readonly path: string;
  readonly matrix: Matrix;
  readonly rule: FillRule;
}

/** A run of lines and curves: points two by two, the first one first; a curve adds three points, a line one. */
interface Ring {
  readonly points: number[];
  /** For each segment whether it is a curve. */
  readonly curved: boolean[];
  closed: boolean;
}

/** The kinds of `PathData`. */
const [move, line, curve] = [0, 1, 2];

/** The rings of path data, moved by a matrix. */
function ringsOf({ kinds, numbers }: PathData, [a, b, c, d, e, f]: Matrix): readonly Ring[] {
  const rings: Ring[] = [];
  let ring: Ring | null = null;
  let [at, startX, startY] = [0, 0, 0];
  const push = (into: Ring, x: number, y: number): void => {
    into.points.push(a * x + c * y + e, b * x + d * y + f);
  };
  const begin = (): Ring => {
    const fresh: Ring = { points: [], curved: [], closed: false };
    push(fresh, startX, startY);
    rings.push(fresh);
    return fresh;
  };
  for (const kind of kinds) {
    if (kind === move) {
      startX = numbers[at++] as number;
      startY = numbers[at++] as number;
      ring = begin();
    } else if (kind === line || kind === curve) {
      ring ??= begin();
      for (let pair = kind === line ? 1 : 3; pair > 0; pair--)
        push(ring, numbers[at++] as number, numbers[at++] as number);
      ring.curved.push(kind === curve);
    } else if (ring) {
      ring.closed = true;
      ring = null;
    }
  }
  return rings;
}

/** The box of an outline under a matrix, without its line; null for one without a point. */
export function boxOf(path: string, matrix: Matrix): Rect | null {
  return boxOfRings(ringsOf(readPathData(path), matrix));
}

function boxOfRings(rings: readonly Ring[]): Rect | null {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const take = (axis: number, value: number): void => {
    if (value < (low[axis] as number)) low[axis] = value;
    if (value > (high[axis] as number)) high[axis] = value;
  };
  for (const { points, curved } of rings) {
    take(0, points[0] as number);
    take(1, points[1] as number);
    let at = 2;
    for (const isCurve of curved) {
      const end = isCurve ? at + 4 : at;
      for (const axis of [0, 1]) {
        const last = points[end + axis] as number;
        take(axis, last);
        if (!isCurve) continue;
        const [p0, p1, p2] = [points[at - 2 + axis], points[at + axis], points[at + 2 + axis]] as [
          number,
          number,
          number,
        ];
        // Only a curve whose handles reach beyond its ends does so itself.
        const within = (value: number): boolean => value >= Math.min(p0, last) && value <= Math.max(p0, last);
        if (within(p1) && within(p2)) continue;
        for (const t of turnsOf(p0, p1, p2, last)) {
          const s = 1 - t;
          take(axis, s * s * s * p0 + 3 * s * s * t * p1 + 3 * s * t * t * p2 + t * t * t * last);
        }
      }
      at = end + 2;
    }
  }
  const [x, y] = low as [number, number];
  const [right, bottom] = high as [number, number];
  return right >= x && bottom >= y ? { x, y, width: right - x, height: bottom - y } : null;
}

/** Where along a cubic curve a coordinate turns back, between 0 and 1. */
function turnsOf(p0: number, p1: number, p2: number, p3: number): readonly number[] {
  const a = p3 - 3 * p2 + 3 * p1 - p0;
  const b = 2 * (p2 - 2 * p1 + p0);
  const c = p1 - p0;
  const found = (t: number): boolean => t > 0 && t < 1;
  if (Math.abs(a) < 1e-12) return [-c / b].filter(found);
  const root = Math.sqrt(b * b - 4 * a * c);
  return [(-b + root) / (2 * a), (-b - root) / (2 * a)].filter(found);
}

/** The box of both; null where neither is one. */
export function joined(one: Rect | null, other: Rect | null): Rect | null {
  if (!one || !other) return one ?? other;
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return {
    x,
    y,
    width: Math.max(one.x + one.width, other.x + other.width) - x,
    height: Math.max(one.y + one.height, other.y + other.height) - y,
  };
}

/** An outline moved by a matrix, as path data. */
export function movedPath(path: string, matrix: Matrix): string {
  return ringsOf(readPathData(path), matrix).map(written).join("");
}

/** A ring as path data. */
function written({ points, curved, closed }: Ring): string {
  const parts = [`M${round(points[0] as number)} ${round(points[1] as number)}`];
  let at = 2;
  for (const isCurve of curved) {
    const end = at + (isCurve ? 6 : 2);
    parts.push((isCurve ? "C" : "L") + points.slice(at, end).map(round).join(" "));
    at = end;
  }
  return `${parts.join("")}${closed ? "Z" : ""}`;
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6;

/**
 * The area that any of several outlines covers, as one outline in the document's coordinates, filled by `nonzero`. Exact
 * for outlines whose rings do not cross themselves.
 */
export function union(parts: readonly PlacedOutline[]): string {
  return parts
    .flatMap(({ path, matrix, rule }) => {
      const rings = ringsOf(readPathData(path), matrix).filter(({ points }) => points.length > 4);
      if (rule === "evenodd") return rings.map((ring, at) => towards(ring, depthOf(ring, at, rings) % 2 === 0));
      // All the same way: the holes keep their turn against the outside.
      const area = rings.reduce((sum, ring) => sum + areaOf(ring), 0);
      return area < 0 ? rings.map(reversed) : rings;
    })
    .map(written)
    .join("");
}

/** The document but for what an outline covers, as one outline filled by `evenodd`. */
export function outside({ path, matrix }: PlacedOutline): string {
  const far = 1e6;
  return `${movedPath(path, matrix)}M${-far} ${-far}H${far}V${far}H${-far}Z`;
}

function towards(ring: Ring, positive: boolean): Ring {
  return areaOf(ring) > 0 === positive ? ring : reversed(ring);
}

function reversed({ points, curved, closed }: Ring): Ring {
  const turned: number[] = [];
  for (let at = points.length - 2; at >= 0; at -= 2) turned.push(points[at] as number, points[at + 1] as number);
  return { points: turned, curved: [...curved].reverse(), closed };
}

/** Twice the area inside, negative for a ring that runs the other way; curves by their handles, which keeps the sign. */
function areaOf({ points }: Ring): number {
  let sum = 0;
  for (let at = 0, before = points.length - 2; at < points.length; before = at, at += 2) {
    const [x0, y0] = [points[before] as number, points[before + 1] as number];
    const [x1, y1] = [points[at] as number, points[at + 1] as number];
    sum += x0 * y1 - x1 * y0;
  }
  return sum;
}

/** In how many other rings a ring lies. */
function depthOf(ring: Ring, own: number, rings: readonly Ring[]): number {
  // The search grows with the square of the rings; beyond this many they are taken to lie side by side.
  if (rings.length > 200) return 0;
  const [x, y] = ring.points as [number, number];
  return rings.filter((other, at) => at !== own && holds(other, x, y)).length;
}

function holds({ points }: Ring, x: number, y: number): boolean {
  let inside = false;
  for (let at = 0, before = points.length - 2; at < points.length; before = at, at += 2) {
    const [x0, y0] = [points[before] as number, points[before + 1] as number];
    const [x1, y1] = [points[at] as number, points[at + 1] as number];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  }
  return inside;
}

/** How long an outline is, its curves by eight straight pieces each. */
export function lengthOf(path: string): number {
  let sum = 0;
  for (const { points, curved, closed } of ringsOf(readPathData(path), [1, 0, 0, 1, 0, 0])) {
    let at = 2;
    let [x, y] = points as [number, number];
    const to = (nextX: number, nextY: number): void => {
      sum += Math.sqrt((nextX - x) * (nextX - x) + (nextY - y) * (nextY - y));
      [x, y] = [nextX, nextY];
    };
    for (const isCurve of curved) {
      const [x0, y0] = [x, y];
      const p = points.slice(at, at + 6) as [number, number, number, number, number, number];
      for (let step = 1; isCurve && step <= 8; step++) {
        const t = step / 8;
        const s = 1 - t;
        const [w0, w1, w2, w3] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
        to(w0 * x0 + w1 * p[0] + w2 * p[2] + w3 * p[4], w0 * y0 + w1 * p[1] + w2 * p[3] + w3 * p[5]);
      }
      if (!isCurve) to(p[0], p[1]);
      at += isCurve ? 6 : 2;
    }
    if (closed) to(points[0] as number, points[1] as number);
  }
  return sum;
}
