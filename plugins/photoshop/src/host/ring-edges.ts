import { cornered, type Ring } from "./outline.ts";

// The straight pieces that outlines are made of, where they cross, and rings made of such pieces again. All points lie on
// a fine grid, so that what meets in a point meets exactly there.

/** Points of the grid along a pixel. */
const GRID = 65_536;
const snapped = (value: number): number => Math.round(value * GRID) / GRID;

/** Straight pieces of rings; each ring is closed. */
export interface Edges {
  readonly x0: Float64Array;
  readonly y0: Float64Array;
  readonly x1: Float64Array;
  readonly y1: Float64Array;
  /** For each piece its part and its ring. */
  readonly part: Int32Array;
  readonly ring: Int32Array;
  /** The rings, and whether another line (or their own) crosses or touches each. */
  readonly rings: readonly { readonly line: Ring; readonly cut: boolean }[];
  /** For each ring its first piece, and behind the last ring the count of pieces. */
  readonly starts: Int32Array;
}

/** The pieces of the rings of some parts; null for more than `most`. */
export function edgesOf(parts: readonly (readonly Ring[])[], tolerance: number, most: number): Edges | null {
  const made = new Pieces();
  for (const [part, own] of parts.entries()) {
    for (const line of own) {
      const points = flattened(line, tolerance);
      made.begin(line, false);
      for (let n = 0; n < points.length; n += 2) {
        const to = n + 2 < points.length ? n + 2 : 0;
        made.add(points[n] as number, points[n + 1] as number, points[to] as number, points[to + 1] as number, part);
      }
      if (made.count > most) return null;
    }
  }
  return made.edges();
}

/** Collects pieces, ring after ring. */
class Pieces {
  readonly #numbers: number[] = [];
  readonly #part: number[] = [];
  readonly #ring: number[] = [];
  readonly #rings: { readonly line: Ring; readonly cut: boolean }[] = [];
  readonly #starts: number[] = [];

  get count(): number {
    return this.#part.length;
  }

  begin(line: Ring, cut: boolean): void {
    this.#rings.push({ line, cut });
    this.#starts.push(this.count);
  }

  /** Adds a piece to the ring that was begun last; one without length is none. */
  add(xa: number, ya: number, xb: number, yb: number, part: number): void {
    if (xa === xb && ya === yb) return;
    this.#numbers.push(xa, ya, xb, yb);
    this.#part.push(part);
    this.#ring.push(this.#rings.length - 1);
  }

  edges(): Edges {
    const column = (of: number) => Float64Array.from(this.#part, (_, n) => this.#numbers[4 * n + of] as number);
    return {
      ...{ x0: column(0), y0: column(1), x1: column(2), y1: column(3) },
      ...{ part: Int32Array.from(this.#part), ring: Int32Array.from(this.#ring), rings: this.#rings },
      starts: Int32Array.from([...this.#starts, this.count]),
    };
  }
}

/** A ring's points, its curves in as many equal steps as keep them within the tolerance (from their second differences). */
function flattened({ knots }: Ring, tolerance: number): number[] {
  const points: number[] = [];
  const count = knots.length / 6;
  for (let n = 0; n < count; n++) {
    const [from, to] = [6 * n, 6 * ((n + 1) % count)];
    const [ax, ay, bx, by] = [knots[from + 2], knots[from + 3], knots[from + 4], knots[from + 5]] as Four;
    const [cx, cy, dx, dy] = [knots[to], knots[to + 1], knots[to + 2], knots[to + 3]] as Four;
    const bend = Math.max(
      (ax - 2 * bx + cx) ** 2 + (ay - 2 * by + cy) ** 2,
      (bx - 2 * cx + dx) ** 2 + (by - 2 * cy + dy) ** 2,
    );
    const straight = ax === bx && ay === by && cx === dx && cy === dy;
    const steps = straight ? 1 : Math.max(1, Math.min(200, Math.ceil(Math.sqrt((0.75 * Math.sqrt(bend)) / tolerance))));
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      const u = 1 - t;
      const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
      points.push(snapped(a * ax + b * bx + c * cx + d * dx), snapped(a * ay + b * by + c * cy + d * dy));
    }
  }
  return points;
}

type Four = [number, number, number, number];

/** The same lines in pieces that meet at their ends only. */
export function divided(edges: Edges): Edges {
  const { x0, y0, x1, y1, part, ring, rings, starts } = edges;
  const places = new Places();
  for (let n = 0; n < x0.length; n++) places.at(x0[n] as number, y0[n] as number);
  const cut = new Uint8Array(rings.length);
  const cuts: (number[] | undefined)[] = new Array(x0.length);
  meetings(edges, (n, near, by) => {
    cut[ring[n] as number] = 1;
    const [x, y] = places.at(near, by);
    if ((x === x0[n] && y === y0[n]) || (x === x1[n] && y === y1[n])) return;
    const own = cuts[n] ?? [];
    own.push(x, y);
    cuts[n] = own;
  });
  const made = new Pieces();
  for (const [r, { line }] of rings.entries()) {
    made.begin(line, cut[r] === 1);
    for (let n = starts[r] as number; n < (starts[r + 1] as number); n++) {
      const [ax, ay, bx, by] = [x0[n], y0[n], x1[n], y1[n]] as Four;
      const own = cuts[n] ?? [];
      const stops: (readonly [x: number, y: number])[] = [];
      for (let k = 0; k < own.length; k += 2) stops.push([own[k] as number, own[k + 1] as number]);
      const along = ([x, y]: readonly [number, number]) => (x - ax) * (bx - ax) + (y - ay) * (by - ay);
      stops.sort((a, b) => along(a) - along(b));
      let [x, y] = [ax, ay];
      for (const [nextX, nextY] of [...stops, [bx, by] as const]) {
        made.add(x, y, nextX, nextY, part[n] as number);
        [x, y] = [nextX, nextY];
      }
    }
  }
  return made.edges();
}

/** Tells of all places where pieces meet, once for each of both. */
function meetings(edges: Edges, note: (piece: number, x: number, y: number) => void): void {
  const { x0, y0, x1, y1, ring, starts } = edges;
  const least = (n: number) => Math.min(x0[n] as number, x1[n] as number);
  const order = Array.from({ length: x0.length }, (_, n) => n).sort((a, b) => least(a) - least(b));
  const follows = (i: number, j: number): boolean => {
    if (ring[i] !== ring[j]) return false;
    const [first, end] = [starts[ring[i] as number] as number, starts[(ring[i] as number) + 1] as number];
    const apart = Math.abs(i - j);
    return apart === 1 || apart === end - first - 1;
  };
  let open: number[] = [];
  for (const j of order) {
    open = open.filter((i) => Math.max(x0[i] as number, x1[i] as number) >= least(j));
    for (const i of open) {
      if (Math.min(y0[i] as number, y1[i] as number) > Math.max(y0[j] as number, y1[j] as number)) continue;
      if (Math.min(y0[j] as number, y1[j] as number) > Math.max(y0[i] as number, y1[i] as number)) continue;
      meet(edges, i, j, follows(i, j), note);
    }
    open.push(j);
  }
}

/** Places that are one where they are nearly one: lines that meet in a point are found to meet a little beside each other. */
class Places {
  readonly #cells = new Map<number, (readonly [x: number, y: number])[]>();

  /** The place that was there before, or this one. */
  at(x: number, y: number): readonly [x: number, y: number] {
    const [column, row] = [Math.floor(x * CELLS), Math.floor(y * CELLS)];
    for (let across = column - 1; across <= column + 1; across++) {
      for (let down = row - 1; down <= row + 1; down++) {
        for (const place of this.#cells.get(keyOf(across, down)) ?? []) {
          if (Math.abs(place[0] - x) < NEAR && Math.abs(place[1] - y) < NEAR) return place;
        }
      }
    }
    const place = [x, y] as const;
    const key = keyOf(column, row);
    this.#cells.set(key, [...(this.#cells.get(key) ?? []), place]);
    return place;
  }
}

/** Nearer than this, in pixels, two places are one. */
const NEAR = 4 / GRID;
/** Cells along a pixel in which places are looked up: none is smaller than what is near. */
const CELLS = GRID / 4;
const keyOf = (column: number, row: number): number => row * 2 ** 27 + column;

/** Tells where two pieces meet. Neighbours in a ring share an end, which is no meeting. */
function meet(
  { x0, y0, x1, y1 }: Edges,
  i: number,
  j: number,
  neighbours: boolean,
  note: (piece: number, x: number, y: number) => void,
): void {
  const [ax, ay, bx, by] = [x0[i], y0[i], x1[i], y1[i]] as Four;
  const [cx, cy, dx, dy] = [x0[j], y0[j], x1[j], y1[j]] as Four;
  const [ux, uy, vx, vy] = [bx - ax, by - ay, dx - cx, dy - cy];
  const across = ux * vy - uy * vx;
  const both = (x: number, y: number): void => {
    note(i, x, y);
    note(j, x, y);
  };
  if (across !== 0) {
    const t = ((cx - ax) * vy - (cy - ay) * vx) / across;
    const s = ((cx - ax) * uy - (cy - ay) * ux) / across;
    if (t < 0 || t > 1 || s < 0 || s > 1) return;
    const ends = (t === 0 || t === 1) && (s === 0 || s === 1);
    if (!(neighbours && ends)) both(snapped(ax + t * ux), snapped(ay + t * uy));
    return;
  }
  // Alongside each other: they meet where they lie on one line and reach over each other.
  if ((cx - ax) * uy - (cy - ay) * ux !== 0) return;
  const long = ux * ux + uy * uy;
  const at = (x: number, y: number) => ((x - ax) * ux + (y - ay) * uy) / long;
  const [from, to] = [at(cx, cy), at(dx, dy)];
  const [low, high] = [Math.max(0, Math.min(from, to)), Math.min(1, Math.max(from, to))];
  if (low > high || (low === high && neighbours)) return;
  for (const [x, y, t] of [
    [ax, ay, 0],
    [bx, by, 1],
    [cx, cy, from],
    [dx, dy, to],
  ] as const) {
    if (t >= low && t <= high) both(x, y);
  }
}

/** Rings out of directed pieces, four numbers each, every one of which ends where another begins. */
export function chained(directed: readonly number[]): Ring[] {
  const leaving = new Map<string, number[]>();
  const key = (n: number) => `${directed[n]} ${directed[n + 1]}`;
  for (let n = 0; n < directed.length; n += 4) leaving.set(key(n), [...(leaving.get(key(n)) ?? []), n]);
  const used = new Uint8Array(directed.length / 4);
  const rings: Ring[] = [];
  for (let start = 0; start < directed.length; start += 4) {
    if (used[start / 4] === 1) continue;
    const points: number[] = [];
    for (let at: number | undefined = start; at !== undefined; ) {
      used[at / 4] = 1;
      push(points, directed[at] as number, directed[at + 1] as number);
      at = (leaving.get(key(at + 2)) ?? []).find((next) => used[next / 4] === 0);
    }
    if (points.length >= 6) rings.push(cornered(points));
  }
  return rings;
}

/** Adds a point; the one before it goes where it lies on the line to the new one. */
function push(points: number[], x: number, y: number): void {
  const n = points.length;
  if (n >= 4) {
    const [ax, ay, bx, by] = points.slice(n - 4) as Four;
    const turn = (bx - ax) * (y - by) - (by - ay) * (x - bx);
    const onward = (bx - ax) * (x - bx) + (by - ay) * (y - by) > 0;
    if (turn === 0 && onward) points.length = n - 2;
  }
  points.push(x, y);
}
