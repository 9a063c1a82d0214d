import type { EdgeList } from "./edges.ts";
import type { Run } from "./flatten.ts";

/** The shape of a pen's line, in the coordinates of its runs. */
export interface Pen {
  readonly width: number;
  readonly join: "miter" | "round" | "bevel";
  readonly cap: "butt" | "round" | "square";
  readonly miterLimit: number;
  /** How many pixels one unit of the runs' coordinates takes, at most: what is too small to be seen is left out. */
  readonly unit: number;
}

/** How far, in pixels, what is drawn for a round corner may lie from it. */
const tolerance = 0.02;

// Kept from run to run, since most are short: for each piece its direction, its length, and how far its left side lies
// from its middle at the start and at the end; for each point how the pieces before and after it meet there.
let dx = new Float64Array(256);
let dy = new Float64Array(256);
let long = new Float64Array(256);
let ax = new Float64Array(256);
let ay = new Float64Array(256);
let bx = new Float64Array(256);
let by = new Float64Array(256);
let meeting = new Uint8Array(256);

/** How two pieces meet: apart, by shared corners, or with the corner filled on the right or on the left side. */
const [apart, shared, right, left] = [0, 1, 2, 3] as const;

function makeSpace(pieces: number): void {
  if (pieces < dx.length) return;
  const size = 2 * pieces + 2;
  [dx, dy, long, ax, ay, bx, by] = [0, 1, 2, 3, 4, 5, 6].map(() => new Float64Array(size)) as [
    typeof dx,
    typeof dx,
    typeof dx,
    typeof dx,
    typeof dx,
    typeof dx,
    typeof dx,
  ];
  meeting = new Uint8Array(size);
}

/**
 * Adds the outline of a run drawn with a pen: one quad a piece, corners and ends. All of it turns the same way, so that what
 * overlaps adds up and never cancels. Edges that would be added once in each direction are left out.
 */
export function strokeRun({ points, smooth, closed }: Run, pen: Pen, edges: EdgeList): void {
  const { join, cap, miterLimit, unit } = pen;
  const h = pen.width / 2;
  const n = points.length / 2;
  if (n === 1) {
    dot(points[0] as number, points[1] as number, h, pen, edges);
    return;
  }
  const pieces = closed ? n : n - 1;
  makeSpace(pieces);
  for (let i = 0; i < pieces; i++) {
    const from = 2 * i;
    const to = i + 1 < n ? from + 2 : 0;
    const ux = (points[to] as number) - (points[from] as number);
    const uy = (points[to + 1] as number) - (points[from + 1] as number);
    const length = Math.sqrt(ux * ux + uy * uy) || 1e-300;
    dx[i] = ux / length;
    dy[i] = uy / length;
    long[i] = length;
    ax[i] = bx[i] = (-uy / length) * h;
    ay[i] = by[i] = (ux / length) * h;
  }
  meeting[0] = meeting[pieces] = apart;
  for (let j = closed ? 0 : 1; j < pieces; j++) {
    const i = j === 0 ? pieces - 1 : j - 1;
    const [ix, iy, jx, jy] = [dx[i] as number, dy[i] as number, dx[j] as number, dy[j] as number];
    const dot = ix * jx + iy * jy;
    const cross = ix * jy - iy * jx;
    const [px, py] = [points[2 * j] as number, points[2 * j + 1] as number];
    // The square of a miter's length over the width.
    const square = 2 / Math.max(1 + dot, 1e-12);
    const pointed = join === "miter" && smooth[j] === 0 && square <= miterLimit * miterLimit;
    // How far the inner corner eats into both pieces.
    const reach = (h * Math.abs(cross)) / Math.max(1 + dot, 1e-12);
    const gentle = dot > 0 && reach < 0.5 * Math.min(long[i] as number, long[j] as number);
    if (gentle && (pointed || h * unit * (Math.sqrt(square) - 1) <= tolerance)) {
      const k = h / (1 + dot);
      bx[i] = ax[j] = -(iy + jy) * k;
      by[i] = ay[j] = (ix + jx) * k;
      meeting[j] = shared;
      continue;
    }
    // The outer side, and the corner's unit directions there, in the order in which all edges turn.
    const turnsRight = cross >= 0;
    meeting[j] = turnsRight ? right : left;
    const side = turnsRight ? -1 : 1;
    const [ux, uy] = turnsRight ? [iy, -ix] : [-jy, jx];
    const [vx, vy] = turnsRight ? [jy, -jx] : [-iy, ix];
    if (smooth[j] === 1 || join === "round") arc(px, py, h, ux, uy, vx, vy, unit, edges);
    else if (pointed) {
      const k = h / (1 + dot);
      const [tx, ty] = [px + side * -(iy + jy) * k, py + side * (ix + jx) * k];
      edges.edge(px + ux * h, py + uy * h, tx, ty);
      edges.edge(tx, ty, px + vx * h, py + vy * h);
    } else edges.edge(px + ux * h, py + uy * h, px + vx * h, py + vy * h);
  }
  if (closed) meeting[pieces] = meeting[0] as number;
  for (let i = 0; i < pieces; i++) {
    const from = 2 * i;
    const to = i + 1 < n ? from + 2 : 0;
    let x0 = points[from] as number;
    let y0 = points[from + 1] as number;
    let x1 = points[to] as number;
    let y1 = points[to + 1] as number;
    const [sx, sy, ex, ey] = [ax[i] as number, ay[i] as number, bx[i] as number, by[i] as number];
    const before = meeting[i] as number;
    const after = meeting[i + 1] as number;
    if (before === apart) {
      const [ux, uy] = [dx[i] as number, dy[i] as number];
      if (cap === "round") {
        arc(x0, y0, h, -uy, ux, -ux, -uy, unit, edges);
        arc(x0, y0, h, -ux, -uy, uy, -ux, unit, edges);
      } else {
        if (cap === "square") [x0, y0] = [x0 - ux * h, y0 - uy * h];
        edges.edge(x0 + sx, y0 + sy, x0 - sx, y0 - sy);
      }
    } else if (before === right) edges.edge(x0 + sx, y0 + sy, x0, y0);
    else if (before === left) edges.edge(x0, y0, x0 - sx, y0 - sy);
    if (after === apart) {
      const [ux, uy] = [dx[i] as number, dy[i] as number];
      if (cap === "round") {
        arc(x1, y1, h, uy, -ux, ux, uy, unit, edges);
        arc(x1, y1, h, ux, uy, -uy, ux, unit, edges);
      } else {
        if (cap === "square") [x1, y1] = [x1 + ux * h, y1 + uy * h];
        edges.edge(x1 - ex, y1 - ey, x1 + ex, y1 + ey);
      }
    } else if (after === right) edges.edge(x1, y1, x1 + ex, y1 + ey);
    else if (after === left) edges.edge(x1 - ex, y1 - ey, x1, y1);
    edges.edge(x0 - sx, y0 - sy, x1 - ex, y1 - ey);
    edges.edge(x1 + ex, y1 + ey, x0 + sx, y0 + sy);
  }
}

/** What a run without a length shows: nothing, a disc or a square. */
function dot(x: number, y: number, h: number, { cap, unit }: Pen, edges: EdgeList): void {
  if (cap === "butt") return;
  const corners = [1, 0, 0, 1, -1, 0, 0, -1] as const;
  for (let n = 0; n < 8; n += 2) {
    const [ux, uy] = [corners[n] as number, corners[n + 1] as number];
    if (cap === "round") arc(x, y, h, ux, uy, -uy, ux, unit, edges);
    else edges.edge(x + h * (ux + uy), y + h * (uy - ux), x + h * (ux - uy), y + h * (uy + ux));
  }
}

/**
 * Adds an arc about a point from one unit direction to another, at most half a turn on, by halving until a chord is near
 * enough. No sine, no cosine: the same in every engine.
 */
function arc(
  x: number,
  y: number,
  r: number,
  ux: number,
  uy: number,
  vx: number,
  vy: number,
  unit: number,
  edges: EdgeList,
): void {
  const dot = ux * vx + uy * vy;
  const sagitta = r * unit * (1 - Math.sqrt(Math.max(0, (1 + dot) / 2)));
  // The second limit is for discs of more than 80,000 pixels, and ends what is not made of numbers.
  if (!(sagitta > tolerance) || dot > 1 - 1e-6) {
    edges.edge(x + ux * r, y + uy * r, x + vx * r, y + vy * r);
    return;
  }
  let [wx, wy] = [ux + vx, uy + vy];
  const length = Math.sqrt(wx * wx + wy * wy);
  if (length < 1e-6) [wx, wy] = [-uy, ux];
  else [wx, wy] = [wx / length, wy / length];
  arc(x, y, r, ux, uy, wx, wy, unit, edges);
  arc(x, y, r, wx, wy, vx, vy, unit, edges);
}
