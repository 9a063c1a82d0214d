import type { Scene, SceneShape, SceneSource } from "../../engine/src/core/scene.ts";

// Scenes in few words, and what their pictures must be, counted point by point.

/** A shape with what a test is about; black and filled where it does not say. */
export function shape(path: string, more: Partial<SceneShape> = {}): SceneShape {
  return {
    id: path,
    name: "",
    path,
    matrix: [1, 0, 0, 1, 0, 0],
    stroke: null,
    strokeWidth: 1,
    dash: [],
    fill: "black",
    opacity: 1,
    ...more,
  };
}

/** Shapes at one unit a pixel. */
export function sceneOf(
  width: number,
  height: number,
  shapes: readonly SceneShape[],
  groups: Scene["groups"] = [],
): SceneSource {
  return { width, height, scene: { bounds: { x: 0, y: 0, width, height }, shapes, groups } };
}

/** Runs work to its end. */
export function done<Result>(work: Generator<unknown, Result, void>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Rows of numbers. */
export function rowsOf(data: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: data.length / width }, (_, y) => Array.from(data).slice(y * width, (y + 1) * width));
}

/** Random numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Points of a polygon. */
export type Polygon = readonly (readonly [x: number, y: number])[];

/** How often polygons wind about a point. */
function winding(polygons: readonly Polygon[], x: number, y: number): number {
  let turns = 0;
  for (const points of polygons) {
    for (const [n, [x0, y0]] of points.entries()) {
      const [x1, y1] = points[(n + 1) % points.length] as readonly [number, number];
      if (y0 <= y === y1 <= y) continue;
      if (x0 + ((x1 - x0) * (y - y0)) / (y1 - y0) > x) turns += y1 > y0 ? 1 : -1;
    }
  }
  return turns;
}

/** The cover of each pixel, from 0 to 255, by 16 x 16 points in it. */
export function sampled(
  polygons: readonly Polygon[],
  rule: "nonzero" | "evenodd",
  width: number,
  height: number,
): Float64Array {
  const cover = new Float64Array(width * height);
  for (let at = 0; at < cover.length; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    let hits = 0;
    for (let n = 0; n < 256; n++) {
      const turns = winding(polygons, x + ((n % 16) + 0.5) / 16, y + (Math.floor(n / 16) + 0.5) / 16);
      if (rule === "nonzero" ? turns !== 0 : turns % 2 !== 0) hits++;
    }
    cover[at] = (hits * 255) / 256;
  }
  return cover;
}

/** The mean and the largest distance between two rows of numbers. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): { readonly mean: number; readonly most: number } {
  let [sum, most] = [0, 0];
  for (let n = 0; n < a.length; n++) {
    const off = Math.abs((a[n] as number) - (b[n] as number));
    sum += off;
    if (off > most) most = off;
  }
  return { mean: sum / a.length, most };
}
