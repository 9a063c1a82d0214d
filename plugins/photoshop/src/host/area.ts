import { type Extent, extentOfOutline, type Outline, type Ring } from "./outline.ts";
import { chained, divided, type Edges, edgesOf } from "./ring-edges.ts";

// Several outlines that make one area: Photoshop adds, subtracts, intersects and excludes the parts of a path one after the
// other, and shows the outline of what comes of it. A scene's path has one fill rule for all of its lines.

/** How a part joins what the parts before it made. */
export type Operation = "add" | "subtract" | "intersect" | "xor";

/** One part of an area. */
export interface Part {
  readonly operation: Operation;
  readonly outline: Outline;
}

/** How far straight pieces may lie from the curves that they stand for, in pixels: finely, or where that takes too many. */
const TOLERANCES = [0.05, 0.5] as const;

/** Pieces of outlines that are compared with each other: some tenths of a second for so many. */
const MOST_PIECES = 3000;

/**
 * The outline of an area. Exact, curves and all, for one part, for parts that exclude each other, and for parts whose lines
 * do not cross; where lines cross, they become straight pieces within a twentieth of a pixel. More lines than can be compared
 * in a moment give the outline in which overlaps are holes. A first part that takes away takes from the whole `canvas`.
 */
export function areaOf(parts: readonly Part[], canvas: Outline): Outline {
  const [first, ...others] = parts;
  if (!first) return { rings: [], rule: "nonzero" };
  const all: Part[] =
    first.operation === "subtract"
      ? [{ operation: "add", outline: canvas }, first, ...others]
      : [{ ...first, operation: "add" }, ...others];
  const simple = alone(all) ?? excluding(all);
  if (simple) return simple;
  for (const tolerance of TOLERANCES) {
    const edges = edgesOf(
      all.map(({ outline }) => outline.rings),
      tolerance,
      MOST_PIECES,
    );
    if (edges) return combined(all, divided(edges));
  }
  return { rings: all.flatMap(({ outline }) => outline.rings), rule: "evenodd" };
}

function alone(parts: readonly Part[]): Outline | null {
  return parts.length === 1 ? (parts[0] as Part).outline : null;
}

/** Parts that exclude each other are all lines at once, as are parts that are added and lie apart. */
function excluding(parts: readonly Part[]): Outline | null {
  const [{ outline: first }] = parts as [Part];
  if (parts.some(({ outline }) => outline.rule !== first.rule)) return null;
  const rings = parts.flatMap(({ outline }) => outline.rings);
  const later = parts.slice(1);
  if (first.rule === "evenodd" && later.every(({ operation }) => operation === "xor"))
    return { rings, rule: "evenodd" };
  if (!later.every(({ operation }) => operation === "add" || operation === "xor") || parts.length > 500) return null;
  const boxes: Extent[] = [];
  for (const { outline } of parts) {
    const box = extentOfOutline(outline.rings);
    if (!box) continue;
    if (boxes.some((other) => meets(box, other))) return null;
    boxes.push(box);
  }
  return { rings, rule: first.rule };
}

const meets = (a: Extent, b: Extent): boolean =>
  a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;

/** How far beside a line it is asked what lies there, in pixels. */
const BESIDE = 1e-6;

function combined(parts: readonly Part[], edges: Edges): Outline {
  const { x0, y0, x1, y1, ring, rings, starts } = edges;
  const inside = insideOf(parts, edges);
  /** What lies on the right and on the left of a piece, seen along it (y downwards). */
  const sides = (n: number): readonly [right: boolean, left: boolean] => {
    const [xa, ya, xb, yb] = [x0[n], y0[n], x1[n], y1[n]] as [number, number, number, number];
    const [ux, uy] = [xb - xa, yb - ya];
    const away = BESIDE / Math.sqrt(ux * ux + uy * uy);
    const [mx, my] = [(xa + xb) / 2, (ya + yb) / 2];
    return [inside(mx - uy * away, my + ux * away), inside(mx + uy * away, my - ux * away)];
  };
  const whole: Ring[] = [];
  for (const [n, { cut, line }] of rings.entries()) {
    if (cut || starts[n] === starts[n + 1]) continue;
    // No line crosses this one: what is beside one of its pieces is beside all of them.
    const [right, left] = sides(longestOf(edges, starts[n] as number, starts[n + 1] as number));
    if (right !== left) whole.push({ ...line, closed: true });
  }
  const given = new Set<string>();
  const bounding: number[] = [];
  for (let n = 0; n < x0.length; n++) {
    if (!rings[ring[n] as number]?.cut) continue;
    const [xa, ya, xb, yb] = [x0[n], y0[n], x1[n], y1[n]] as [number, number, number, number];
    // Pieces of two lines may lie upon each other.
    const key = xa < xb || (xa === xb && ya < yb) ? `${xa} ${ya} ${xb} ${yb}` : `${xb} ${yb} ${xa} ${ya}`;
    if (given.has(key)) continue;
    given.add(key);
    const [right, left] = sides(n);
    if (right === left) continue;
    if (right) bounding.push(xa, ya, xb, yb);
    else bounding.push(xb, yb, xa, ya);
  }
  return { rings: [...whole, ...chained(bounding)], rule: "evenodd" };
}

/** Tells whether a place is inside of what parts make together, from how often each winds around it. */
function insideOf(parts: readonly Part[], edges: Edges): (x: number, y: number) => boolean {
  const { x0, y0, x1, y1, part } = edges;
  const turns = new Int32Array(parts.length);
  const bands = bandsOf(edges);
  return (x, y) => {
    turns.fill(0);
    for (const n of bands(y)) {
      const ya = y0[n] as number;
      const yb = y1[n] as number;
      if (ya > y === yb > y) continue;
      const xa = x0[n] as number;
      const xb = x1[n] as number;
      if (xa + ((y - ya) / (yb - ya)) * (xb - xa) > x) {
        const of = part[n] as number;
        turns[of] = (turns[of] as number) + (yb > ya ? 1 : -1);
      }
    }
    let found = false;
    for (let n = 0; n < parts.length; n++) {
      const { operation, outline } = parts[n] as Part;
      const turned = turns[n] as number;
      const own = outline.rule === "evenodd" ? (turned & 1) === 1 : turned !== 0;
      if (operation === "add") found ||= own;
      else if (operation === "subtract") found &&= !own;
      else if (operation === "intersect") found &&= own;
      else found = found !== own;
    }
    return found;
  };
}

/** Gives the pieces that may cross a line across at a height: those of a band of such lines. */
function bandsOf({ y0, y1 }: Edges): (y: number) => readonly number[] {
  let [top, bottom] = [Infinity, -Infinity];
  for (const ys of [y0, y1]) {
    for (const y of ys) {
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  const count = Math.max(1, Math.min(512, y0.length >> 1));
  const scale = bottom > top ? count / (bottom - top) : 0;
  const bandOf = (y: number) => Math.min(count - 1, Math.max(0, Math.floor((y - top) * scale)));
  const bands = Array.from({ length: count }, (): number[] => []);
  for (let n = 0; n < y0.length; n++) {
    const [ya, yb] = [y0[n] as number, y1[n] as number];
    for (let band = bandOf(Math.min(ya, yb)); band <= bandOf(Math.max(ya, yb)); band++) bands[band]?.push(n);
  }
  return (y) => bands[bandOf(y)] ?? [];
}

function longestOf({ x0, y0, x1, y1 }: Edges, from: number, to: number): number {
  let [best, most] = [from, -1];
  for (let n = from; n < to; n++) {
    const [ux, uy] = [(x1[n] as number) - (x0[n] as number), (y1[n] as number) - (y0[n] as number)];
    if (ux * ux + uy * uy <= most) continue;
    [best, most] = [n, ux * ux + uy * uy];
  }
  return best;
}
