import type { Matrix } from "../core/scene.ts";
import { type Box, boxOf } from "./box.ts";
import { stretch } from "./matrix.ts";
import type { PathData } from "./path-data.ts";

/** A run of straight pieces. */
export interface Run {
  /** x0, y0, x1, y1 …; no two neighbours are the same, and a closed run does not repeat its first point. */
  readonly points: Float64Array;
  /** For each point 1 where it lies inside a curve, so that there is no corner. */
  readonly smooth: Uint8Array;
  readonly closed: boolean;
}

/** How curves become straight. */
export interface Flattening {
  /** From the path to the coordinates of the runs. */
  readonly matrix: Matrix;
  /** From the runs' coordinates to pixels, which tolerance is measured in; without it the runs are in pixels. */
  readonly pixels?: Matrix;
  /** How far a piece may lie from the curve, in pixels. */
  readonly tolerance: number;
}

/** Coordinates are kept below this, in pixels: beyond it no pixel is told from its neighbour. */
const farthest = 1e9;
/** No more points than this are made of the curves of one path: they get coarser instead. */
const mostPoints = 8_000_000;

let points = new Float64Array(1024);
let smooth = new Uint8Array(512);
let filled = 0;

/** Adds a point to the run that is being made. */
function add(x: number, y: number, inside: 0 | 1): void {
  if (2 * filled === points.length) {
    const [wider, longer] = [new Float64Array(points.length * 2), new Uint8Array(points.length)];
    wider.set(points);
    longer.set(smooth);
    [points, smooth] = [wider, longer];
  }
  points[2 * filled] = x;
  points[2 * filled + 1] = y;
  smooth[filled++] = inside;
}

/**
 * The straight runs of a path, each within the tolerance of its curves. By the four operations and square roots alone.
 * What cannot be placed, by a matrix that is not made of numbers, ends the path.
 */
export function flatten({ kinds, numbers }: PathData, { matrix, pixels, tolerance }: Flattening): Run[] {
  const [a, b, c, d, e, f] = matrix;
  const runs: Run[] = [];
  const most = Math.max(1, Math.min(2000, Math.floor(mostPoints / Math.max(1, kinds.length))));
  // Points nearer than this to each other are one: a piece between them would have no direction.
  const same = pixels ? 1e-6 / Math.max(1e-30, stretch(pixels)) : 1e-6;
  const end = (closed: boolean) => {
    let count = filled;
    if (closed && count > 1) {
      const [dx, dy] = [
        (points[0] as number) - (points[2 * count - 2] as number),
        (points[1] as number) - (points[2 * count - 1] as number),
      ];
      if (Math.abs(dx) <= same && Math.abs(dy) <= same) count--;
    }
    if (count > 0) runs.push({ points: points.slice(0, 2 * count), smooth: smooth.slice(0, count), closed });
    filled = 0;
  };
  filled = 0;
  let [x, y] = [0, 0];
  let [startX, startY] = [0, 0];
  for (let segment = 0, n = 0; segment < kinds.length; segment++) {
    const kind = kinds[segment] as number;
    if (kind === 3) {
      if (filled === 0) add(x, y, 0);
      end(true);
      [x, y] = [startX, startY];
      continue;
    }
    if (kind !== 2) {
      const [u, v] = [numbers[n] as number, numbers[n + 1] as number];
      n += 2;
      const px = near(a * u + c * v + e);
      const py = near(b * u + d * v + f);
      if (Number.isNaN(px + py)) break;
      if (kind === 0) {
        end(false);
        [startX, startY] = [px, py];
        add(px, py, 0);
      } else {
        if (filled === 0) add(x, y, 0);
        if (Math.abs(px - x) > same || Math.abs(py - y) > same) add(px, py, 0);
        else continue;
      }
      [x, y] = [px, py];
      continue;
    }
    const u1 = numbers[n] as number;
    const v1 = numbers[n + 1] as number;
    const u2 = numbers[n + 2] as number;
    const v2 = numbers[n + 3] as number;
    const u3 = numbers[n + 4] as number;
    const v3 = numbers[n + 5] as number;
    n += 6;
    if (filled === 0) add(x, y, 0);
    const x1 = near(a * u1 + c * v1 + e);
    const y1 = near(b * u1 + d * v1 + f);
    const x2 = near(a * u2 + c * v2 + e);
    const y2 = near(b * u2 + d * v2 + f);
    const x3 = near(a * u3 + c * v3 + e);
    const y3 = near(b * u3 + d * v3 + f);
    if (!(x1 + y1 + x2 + y2 + x3 + y3 < Infinity)) break;
    let [ax, ay, bx, by] = [x - 2 * x1 + x2, y - 2 * y1 + y2, x1 - 2 * x2 + x3, y1 - 2 * y2 + y3];
    if (pixels) {
      const [p, q, r, s] = pixels;
      [ax, ay, bx, by] = [p * ax + r * ay, q * ax + s * ay, p * bx + r * by, q * bx + s * by];
    }
    // The second differences bound how far a chord can be from the curve: n pieces err by at most bend 0.75 / n².
    const bend = Math.sqrt(Math.max(ax * ax + ay * ay, bx * bx + by * by));
    const pieces = Math.min(most, Math.max(1, Math.ceil(Math.sqrt((0.75 * bend) / tolerance))));
    let [lastX, lastY] = [x, y];
    for (let piece = 1; piece < pieces; piece++) {
      const t = piece / pieces;
      const s = 1 - t;
      const w0 = s * s * s;
      const w1 = 3 * s * s * t;
      const w2 = 3 * s * t * t;
      const w3 = t * t * t;
      const px = w0 * x + w1 * x1 + w2 * x2 + w3 * x3;
      const py = w0 * y + w1 * y1 + w2 * y2 + w3 * y3;
      if (Math.abs(px - lastX) <= same && Math.abs(py - lastY) <= same) continue;
      add(px, py, 1);
      [lastX, lastY] = [px, py];
    }
    if (Math.abs(x3 - lastX) > same || Math.abs(y3 - lastY) > same) add(x3, y3, 0);
    [x, y] = [x3, y3];
  }
  end(false);
  return runs;
}

/** A number no further out than counts; not a number stays so. */
function near(value: number): number {
  return Math.min(farthest, Math.max(-farthest, value));
}

/** The box of a path's points and control points in pixels: its curves lie inside. Null for a path without a point. */
export function hull({ numbers }: PathData, [a, b, c, d, e, f]: Matrix): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let n = 0; n < numbers.length; n += 2) {
    const [u, v] = [numbers[n] as number, numbers[n + 1] as number];
    const x = near(a * u + c * v + e);
    const y = near(b * u + d * v + f);
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return left <= right && top <= bottom ? boxOf(left, top, right, bottom) : null;
}
