import type { Pixels } from "../core/pixels.ts";
import type { FloatPlane } from "./plane.ts";

/** Which way a surface looks in each pixel: three numbers from -1 to 1, a plane each, in rows. */
export interface Normals {
  readonly width: number;
  readonly height: number;
  /** Toward the picture's left. */
  readonly left: Float32Array;
  /** Toward the picture's top. */
  readonly up: Float32Array;
  /** Toward the viewer. */
  readonly front: Float32Array;
}

/** How normals are taken from depth. */
export interface NormalOptions {
  /** What the eightfold slope is set against: the smaller, the steeper everything looks. MiDaS's normals have 2 pi. */
  readonly front: number;
  /** From 0 to 1: what is further away than this, between the farthest and the nearest, looks straight to the viewer. */
  readonly background: number;
  /**
   * What lies beyond the edge: the picture mirrored, as OpenCV's Sobel has it, which makes edges look straight to the
   * viewer; or the slope going on.
   */
  readonly beyond: "mirrored" | "sloping";
}

/**
 * Normals of a depth map in which near is large, by Sobel's derivatives over 3x3 pixels: with `front` 2 pi and mirrored
 * edges those of the annotators that used MiDaS (whose channels they then reverse).
 */
export function depthNormals(depth: FloatPlane, { front, background, beyond }: NormalOptions): Normals {
  const { width, height, data } = depth;
  const normals: Normals = {
    width,
    height,
    left: new Float32Array(data.length),
    up: new Float32Array(data.length),
    front: new Float32Array(data.length),
  };
  const least = threshold(data, background);
  // Three rows with a pixel more at either end.
  const rows = [0, 1, 2].map(() => new Float64Array(width + 2));
  const [above, here, below] = rows as [Float64Array, Float64Array, Float64Array];
  const mirrored = beyond === "mirrored";
  for (let y = 0; y < height; y++) {
    padded(depth, y, here, mirrored);
    beside(depth, y - 1, y, above, mirrored);
    beside(depth, y + 1, y, below, mirrored);
    slopes(normals, y * width, above, here, below, data, least, front);
  }
  return normals;
}

/** The normals of one row, from `start` on. */
function slopes(
  normals: Normals,
  start: number,
  above: Float64Array,
  here: Float64Array,
  below: Float64Array,
  data: Float32Array,
  least: number,
  front: number,
): void {
  const { width, left, up, front: ahead } = normals;
  for (let x = 0, to = start; x < width; x++, to++) {
    const a = above[x] as number;
    const c = above[x + 2] as number;
    const f = below[x] as number;
    const h = below[x + 2] as number;
    const near = (data[to] as number) >= least;
    const across = near ? c - a + 2 * ((here[x + 2] as number) - (here[x] as number)) + (h - f) : 0;
    const down = near ? f - a + 2 * ((below[x + 1] as number) - (above[x + 1] as number)) + (h - c) : 0;
    const scale = 1 / Math.sqrt(across * across + down * down + front * front);
    left[to] = across * scale;
    up[to] = down * scale;
    ahead[to] = front * scale;
  }
}

/** The depth below which all is background. */
function threshold(data: Float32Array, background: number): number {
  if (background <= 0) return Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least + background * (most - least);
}

function padded({ width, data }: FloatPlane, y: number, row: Float64Array, mirrored: boolean): void {
  const start = y * width;
  for (let x = 0; x < width; x++) row[x + 1] = data[start + x] as number;
  const [first, last] = [row[1] as number, row[width] as number];
  const [second, secondLast] = width > 1 ? [row[2] as number, row[width - 1] as number] : [first, last];
  row[0] = mirrored ? second : 2 * first - second;
  row[width + 1] = mirrored ? secondLast : 2 * last - secondLast;
}

/** The row above or below row `y`, which may lie beyond the edge. */
function beside(depth: FloatPlane, wanted: number, y: number, row: Float64Array, mirrored: boolean): void {
  if (wanted >= 0 && wanted < depth.height) {
    padded(depth, wanted, row, mirrored);
    return;
  }
  const opposite = Math.min(Math.max(2 * y - wanted, 0), depth.height - 1);
  padded(depth, opposite, row, mirrored);
  if (mirrored || opposite === y) return;
  const edge = new Float64Array(row.length);
  padded(depth, y, edge, mirrored);
  for (let x = 0; x < row.length; x++) row[x] = 2 * (edge[x] as number) - (row[x] as number);
}

/**
 * The colours of normals as nets know them from BAE: left is red, up is green, the viewer's side blue, each from -1 to 1
 * over 0 to 255, cut off to whole levels. Normals longer than 1 are clipped, not shortened.
 */
export function normalPixels({ width, height, left, up, front }: Normals): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0, to = 0; i < left.length; i++, to += 4) {
    data[to] = (127.5 + 127.5 * (left[i] as number)) | 0;
    data[to + 1] = (127.5 + 127.5 * (up[i] as number)) | 0;
    data[to + 2] = (127.5 + 127.5 * (front[i] as number)) | 0;
    data[to + 3] = 255;
  }
  return { width, height, data };
}
