import type { FillRule, Matrix } from "../core/scene.ts";
import { type Box, boxOf } from "./box.ts";
import type { Run } from "./flatten.ts";

/** Straight edges in pixels of the map, as the rasteriser takes them, and what of the areas that they bound is inside. */
export interface Edges {
  /** x0, y0, x1, y1 of one edge after the other. y is a multiple of 1/4096, and no edge is horizontal. */
  readonly data: Float32Array;
  readonly rule: FillRule;
  /** The pixels that the edges can touch. */
  readonly box: Box;
  /** Pixels that are wholly inside for sure, where that is known of a rectangle. */
  readonly inside?: Box;
  /** What counts as inside besides: a line along the border. */
  readonly rim?: Edges;
  /** How much of the inside counts, in a box of pixels; all of it without one. */
  soft?(box: Box): { readonly data: Uint8Array } | null;
  /** What these edges are of, where they are soft. */
  readonly of?: object;
}

/** The inside of a clip, and its border where it has a hard one. */
export interface Clip extends Edges {
  readonly runs: readonly Run[];
}

/**
 * Collects edges; rings are closed by whoever adds them. Heights are kept in steps of 1/4096 pixel, so that what goes down
 * and what goes up again add to exactly nothing.
 */
export class EdgeList {
  #data = new Float32Array(512);
  #length = 0;
  #matrix: Matrix | null = null;

  /** Forgets all edges. From now on, those added are in the coordinates that `matrix` leads from. */
  begin(matrix: Matrix | null = null): void {
    this.#length = 0;
    this.#matrix = matrix;
  }

  edge(x0: number, y0: number, x1: number, y1: number): void {
    const n = this.#length;
    if (n + 4 > this.#data.length) {
      const larger = new Float32Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    const data = this.#data;
    const matrix = this.#matrix;
    if (matrix === null) {
      data[n] = x0;
      data[n + 1] = Math.floor(y0 * 4096 + 0.5) / 4096;
      data[n + 2] = x1;
      data[n + 3] = Math.floor(y1 * 4096 + 0.5) / 4096;
    } else {
      const [a, b, c, d, e, f] = matrix;
      data[n] = a * x0 + c * y0 + e;
      data[n + 1] = Math.floor((b * x0 + d * y0 + f) * 4096 + 0.5) / 4096;
      data[n + 2] = a * x1 + c * y1 + e;
      data[n + 3] = Math.floor((b * x1 + d * y1 + f) * 4096 + 0.5) / 4096;
    }
    // What is horizontal bounds no area.
    if (data[n + 1] !== data[n + 3]) this.#length = n + 4;
  }

  /** The edges added since the beginning; null when there are none. */
  end(rule: FillRule): Edges | null {
    if (this.#length === 0) return null;
    const data = this.#data.slice(0, this.#length);
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let n = 0; n < data.length; n += 2) {
      const x = data[n] as number;
      const y = data[n + 1] as number;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    return { data, rule, box: boxOf(left, top, right, bottom) };
  }
}

/** The edges of what runs enclose; open ones are closed, as every format of vectors does when it fills. */
export function filled(runs: readonly Run[], rule: FillRule, list: EdgeList): Edges | null {
  list.begin();
  for (const { points } of runs) {
    const n = points.length;
    let x = points[n - 2] as number;
    let y = points[n - 1] as number;
    for (let i = 0; i < n; i += 2) {
      const [toX, toY] = [points[i] as number, points[i + 1] as number];
      list.edge(x, y, toX, toY);
      x = toX;
      y = toY;
    }
  }
  const edges = list.end(rule);
  const inside = edges && rectangle(runs);
  return inside ? { ...edges, inside } : edges;
}

/** The whole pixels inside of an upright rectangle; null for anything else. */
function rectangle(runs: readonly Run[]): Box | null {
  const [run] = runs;
  if (runs.length !== 1 || run?.points.length !== 8) return null;
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0] = run.points;
  const upright =
    (x0 === x1 && y1 === y2 && x2 === x3 && y3 === y0) || (y0 === y1 && x1 === x2 && y2 === y3 && x3 === x0);
  if (!upright) return null;
  return {
    left: Math.ceil(Math.min(x0, x2)),
    top: Math.ceil(Math.min(y0, y2)),
    right: Math.floor(Math.max(x0, x2)),
    bottom: Math.floor(Math.max(y0, y2)),
  };
}
