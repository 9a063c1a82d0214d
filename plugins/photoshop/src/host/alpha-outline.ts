import { cornered, type Ring } from "./outline.ts";

// The outline of what is painted, from a small picture of its alpha: the line along which alpha is half of what it is at
// most (marching squares, with the line's place between two pixels from their values), without specks and without points
// that half a pixel makes no difference to.

/** How opaque each pixel of a picture is, and where the picture lies. */
export interface Alpha {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
  /** In pixels of the document. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** What a picture's alpha shows. */
export interface AlphaOutline {
  /** In pixels of the document: outer lines turn to the right, those of holes to the left, so that any rule fills alike. */
  readonly rings: readonly Ring[];
  /** How opaque the inside is, from 0 to 1, so that as much is painted as there was. */
  readonly opacity: number;
}

/** Lines with less area than this, in the picture's pixels, are specks, where there are larger ones. */
const SPECK = 4;

/** How far a line may move when points are left out, in the picture's pixels; doubled until no more than `most` are left. */
const TOLERANCE = 0.5;

/** Traces the outline of an alpha; null where nothing is painted. It has at most `most` points, and at least one line. */
export function alphaOutline({ width, height, values, box }: Alpha, most: number): AlphaOutline | null {
  let [highest, lowest, sum] = [0, 255, 0];
  for (const value of values) {
    sum += value;
    if (value > highest) highest = value;
    if (value < lowest) lowest = value;
  }
  if (highest === 0) return null;
  const across = box.width / width;
  const down = box.height / height;
  const placed = (points: ArrayLike<number>): Ring =>
    cornered(Float64Array.from(points, (value, n) => (n % 2 === 0 ? box.x + value * across : box.y + value * down)));
  if (lowest === highest) {
    return { rings: [placed([0, 0, width, 0, width, height, 0, height])], opacity: highest / 255 };
  }
  const traced = contours(values, width, height, highest / 2)
    .map((points) => ({ points, area: areaOf(points) }))
    .sort((a, b) => Math.abs(b.area) - Math.abs(a.area));
  const largest = Math.abs(traced[0]?.area ?? 0);
  const kept = traced.filter(({ area }) => Math.abs(area) >= Math.min(SPECK, largest / 4));
  const area = kept.reduce((total, one) => total + one.area, 0);
  const rings: Ring[] = [];
  let left = most;
  for (const { points } of kept) {
    let line = simplified(sharpened(points), TOLERANCE);
    for (let tolerance = 2 * TOLERANCE; rings.length === 0 && line.length / 2 > most; tolerance *= 2) {
      const coarser = simplified(line, tolerance);
      line = coarser.length < line.length ? coarser : boxAround(line);
    }
    left -= line.length / 2;
    // The largest come first: what there is no room for is small.
    if (left < 0 && rings.length > 0) break;
    if (line.length >= 6) rings.push(placed(line));
  }
  if (rings.length === 0) return null;
  const mean = area > 0 ? sum / area / 255 : 1;
  return { rings, opacity: mean > 0.97 * (highest / 255) ? highest / 255 : mean };
}

/** Twice the sign tells how it turns: above 0 to the right, where y runs downwards. */
function areaOf(points: ArrayLike<number>): number {
  let sum = 0;
  const last = points.length - 2;
  for (let n = 0, before = last; n <= last; before = n, n += 2) {
    const [x, y] = [points[n] as number, points[n + 1] as number];
    sum += (points[before] as number) * y - x * (points[before + 1] as number);
  }
  return sum / 2;
}

// Sides of a cell between four pixels, and for each of its sixteen cases the lines in it: pairs of sides, from, to. The
// inside lies on the right of a line. Bits: top left 8, top right 4, bottom right 2, bottom left 1.
const [TOP, RIGHT, BOTTOM, LEFT] = [0, 1, 2, 3] as const;
const CASES: readonly (readonly number[])[] = [
  [],
  [LEFT, BOTTOM],
  [BOTTOM, RIGHT],
  [LEFT, RIGHT],
  [RIGHT, TOP],
  [RIGHT, TOP, LEFT, BOTTOM],
  [BOTTOM, TOP],
  [LEFT, TOP],
  [TOP, LEFT],
  [TOP, BOTTOM],
  [TOP, LEFT, BOTTOM, RIGHT],
  [TOP, RIGHT],
  [RIGHT, LEFT],
  [RIGHT, BOTTOM],
  [BOTTOM, LEFT],
  [],
];
/** The cases of two corners across from each other, where the cell's middle is inside. */
const JOINED: Readonly<Record<number, readonly number[]>> = {
  5: [LEFT, TOP, RIGHT, BOTTOM],
  10: [TOP, RIGHT, BOTTOM, LEFT],
};

/** The lines along which values are at a level, in pixels; around the picture there is nothing. */
function contours(values: Uint8Array, width: number, height: number, level: number): Float64Array[] {
  // One pixel of nothing on each side. An edge's number: twice its first pixel's place, and 1 for one that runs down.
  const wide = width + 2;
  const high = height + 2;
  const field = new Uint8Array(wide * high);
  for (let y = 0; y < height; y++) field.set(values.subarray(y * width, (y + 1) * width), (y + 1) * wide + 1);
  const next = new Int32Array(2 * wide * high).fill(-1);
  const starts: number[] = [];
  for (let y = 0; y + 1 < high; y++) {
    for (let x = 0; x + 1 < wide; x++) {
      const at = y * wide + x;
      const [a, b] = [field[at] as number, field[at + 1] as number];
      const [d, c] = [field[at + wide] as number, field[at + wide + 1] as number];
      const code = (a >= level ? 8 : 0) | (b >= level ? 4 : 0) | (c >= level ? 2 : 0) | (d >= level ? 1 : 0);
      if (code === 0 || code === 15) continue;
      const lines = ((a + b + c + d) / 4 >= level ? JOINED[code] : undefined) ?? (CASES[code] as readonly number[]);
      for (let n = 0; n < lines.length; n += 2) {
        const from = edgeOf(at, wide, lines[n] as number);
        next[from] = edgeOf(at, wide, lines[n + 1] as number);
        starts.push(from);
      }
    }
  }
  const found: Float64Array[] = [];
  for (const start of starts) {
    if (next[start] === -1) continue;
    const points: number[] = [];
    for (let edge = start; (next[edge] as number) >= 0; ) {
      const pixel = edge >> 1;
      const other = (edge & 1) === 0 ? pixel + 1 : pixel + wide;
      const [from, to] = [field[pixel] as number, field[other] as number];
      const share = (level - from) / (to - from);
      const [x, y] = [pixel % wide, Math.floor(pixel / wide)];
      points.push(x - 0.5 + ((edge & 1) === 0 ? share : 0), y - 0.5 + ((edge & 1) === 1 ? share : 0));
      const onward = next[edge] as number;
      next[edge] = -1;
      edge = onward;
    }
    found.push(Float64Array.from(points));
  }
  return found;
}

function edgeOf(at: number, wide: number, side: number): number {
  if (side === TOP) return 2 * at;
  if (side === BOTTOM) return 2 * (at + wide);
  return 2 * (side === RIGHT ? at + 1 : at) + 1;
}

/** Points that lie on the line between their neighbours left out, and corners that the tracing has cut off put back. */
function sharpened(points: Float64Array): number[] {
  const bare: number[] = [];
  const count = points.length / 2;
  for (let n = 0; n < count; n++) {
    const [from, at, to] = [2 * ((n + count - 1) % count), 2 * n, 2 * ((n + 1) % count)];
    const [ax, ay, bx, by] = [points[from], points[from + 1], points[at], points[at + 1]] as Four;
    const [cx, cy] = [points[to] as number, points[to + 1] as number];
    if (Math.abs((bx - ax) * (cy - by) - (by - ay) * (cx - bx)) > 1e-9) bare.push(bx, by);
  }
  const made: number[] = [];
  const corners = bare.length / 2;
  let skip = false;
  for (let n = 0; n < corners; n++) {
    if (skip) {
      skip = false;
      continue;
    }
    const knot = (k: number): readonly [number, number] => {
      const at = 2 * ((n + k + corners) % corners);
      return [bare[at] as number, bare[at + 1] as number];
    };
    const corner = corners > 4 && n + 1 < corners ? cornerOf(knot(-1), knot(0), knot(1), knot(2)) : null;
    made.push(...(corner ?? knot(0)));
    skip = corner !== null;
  }
  return made;
}

type Four = [number, number, number, number];
type Place = readonly [x: number, y: number];

/** Where two long lines meet that a short one joins across their corner; null where there is no such corner. */
function cornerOf([ax, ay]: Place, [bx, by]: Place, [cx, cy]: Place, [dx, dy]: Place): Place | null {
  const [ux, uy, vx, vy] = [bx - ax, by - ay, dx - cx, dy - cy];
  const short = (cx - bx) ** 2 + (cy - by) ** 2;
  // A cut corner joins the middles of two sides of a pixel.
  if (short > 0.51 || ux * ux + uy * uy < 1 || vx * vx + vy * vy < 1) return null;
  const across = ux * vy - uy * vx;
  if (Math.abs(ux * vx + uy * vy) > Math.abs(across) * 0.2) return null;
  const t = ((cx - bx) * vy - (cy - by) * vx) / across;
  const corner: Place = [bx + t * ux, by + t * uy];
  return t >= 0 && (corner[0] - bx) ** 2 + (corner[1] - by) ** 2 <= 0.5 ? corner : null;
}

/** The box around a ring, for one that cannot be told in as few points as there is room for. */
function boxAround(points: readonly number[]): number[] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let n = 0; n < points.length; n += 2) {
    const [x, y] = [points[n] as number, points[n + 1] as number];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return [left, top, right, top, right, bottom, left, bottom];
}

/** Points between two others that are looked at together at most, so that no line takes long. */
const STRETCH = 512;

/** A ring with as few of its points as stay within a distance of all of them (Ramer's and Douglas and Peucker's way). */
function simplified(points: ArrayLike<number>, tolerance: number): number[] {
  const count = points.length / 2;
  if (count < 4) return Array.from(points);
  const keep = new Uint8Array(count);
  let far = 0;
  let most = -1;
  for (let n = 1; n < count; n++) {
    const distance =
      ((points[2 * n] as number) - (points[0] as number)) ** 2 +
      ((points[2 * n + 1] as number) - (points[1] as number)) ** 2;
    if (distance > most) [far, most] = [n, distance];
  }
  const stack: number[] = [];
  const stretch = (from: number, to: number): void => {
    for (let at = from; at < to; at += STRETCH) {
      keep[at] = 1;
      stack.push(at, Math.min(to, at + STRETCH));
    }
  };
  stretch(0, far);
  stretch(far, count);
  while (stack.length > 0) {
    const to = stack.pop() as number;
    const from = stack.pop() as number;
    const [ax, ay] = [points[2 * from] as number, points[2 * from + 1] as number];
    const end = to === count ? 0 : to;
    const [ux, uy] = [(points[2 * end] as number) - ax, (points[2 * end + 1] as number) - ay];
    const long = ux * ux + uy * uy;
    let [worst, at] = [tolerance * tolerance, -1];
    for (let n = from + 1; n < to; n++) {
      const [px, py] = [(points[2 * n] as number) - ax, (points[2 * n + 1] as number) - ay];
      const t = long > 0 ? Math.min(1, Math.max(0, (px * ux + py * uy) / long)) : 0;
      const distance = (px - t * ux) ** 2 + (py - t * uy) ** 2;
      if (distance > worst) [worst, at] = [distance, n];
    }
    if (at < 0) continue;
    keep[at] = 1;
    stack.push(from, at, at, to);
  }
  const made: number[] = [];
  for (let n = 0; n < count; n++) if (keep[n] === 1) made.push(points[2 * n] as number, points[2 * n + 1] as number);
  // Two points are no ring: a sliver keeps all that it had.
  return made.length >= 6 ? made : Array.from(points);
}
