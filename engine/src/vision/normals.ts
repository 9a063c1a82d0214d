import type { Pixels } from "../core/pixels.ts";
import { inRows, inStretches, part } from "./part.ts";
import type { FloatPlane } from "./plane.ts";

/** Which way a surface looks in pixels of a row: three numbers from -1 to 1. */
export interface Normals {
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
  /** Right is red instead of left. */
  readonly flipRed?: boolean;
  /** Down is green instead of up. */
  readonly flipGreen?: boolean;
}

/**
 * Draws the normals of a depth map in which near is large, by Sobel's derivatives over 3x3 pixels: with `front` 2 pi and
 * mirrored edges those of the annotators that used MiDaS (whose channels they then reverse). Yields the share done.
 */
export function* normalMap(
  depth: FloatPlane,
  { front, background, beyond, flipRed = false, flipGreen = false }: NormalOptions,
): Generator<number, Pixels, void> {
  const { width, height } = depth;
  const data = new Uint8ClampedArray(width * height * 4);
  const least = yield* part(threshold(depth.data, background), 0, 0.2);
  // Three rows with a pixel more at either end.
  const rows = [0, 1, 2].map(() => new Float64Array(width + 2));
  const [above, here, below] = rows as [Float64Array, Float64Array, Float64Array];
  const normals: Normals = {
    left: new Float32Array(width),
    up: new Float32Array(width),
    front: new Float32Array(width),
  };
  const mirrored = beyond === "mirrored";
  const draw = (y: number) => {
    padded(depth, y, here, mirrored);
    beside(depth, y - 1, y, above, mirrored);
    beside(depth, y + 1, y, below, mirrored);
    slopes(normals, above, here, below, depth.data.subarray(y * width, (y + 1) * width), least, front);
    if (flipRed) negate(normals.left);
    if (flipGreen) negate(normals.up);
    drawNormals(normals, data, y * width);
  };
  yield* part(inRows(width, height, draw, 1 << 17), 0.2, 0.8);
  return { width, height, data };
}

/** The normals of one row of depth, `data`. */
function slopes(
  { left, up, front: ahead }: Normals,
  above: Float64Array,
  here: Float64Array,
  below: Float64Array,
  data: Float32Array,
  least: number,
  front: number,
): void {
  for (let x = 0; x < data.length; x++) {
    const a = above[x] as number;
    const c = above[x + 2] as number;
    const f = below[x] as number;
    const h = below[x + 2] as number;
    const near = (data[x] as number) >= least;
    const across = near ? c - a + 2 * ((here[x + 2] as number) - (here[x] as number)) + (h - f) : 0;
    const down = near ? f - a + 2 * ((below[x + 1] as number) - (above[x + 1] as number)) + (h - c) : 0;
    const scale = 1 / Math.sqrt(across * across + down * down + front * front);
    left[x] = across * scale;
    up[x] = down * scale;
    ahead[x] = front * scale;
  }
}

function negate(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = -(values[i] as number);
}

/** The depth below which all is background. */
function* threshold(data: Float32Array, background: number): Generator<number, number, void> {
  if (background <= 0) return Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  const look = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const value = data[i] as number;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  };
  yield* inStretches(data.length, look);
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
 * Draws normals, from pixel `start` on, in the colours that nets know from BAE: left is red, up is green, the viewer's side
 * blue, each from -1 to 1 over 0 to 255, cut off to whole levels. Normals longer than 1 are clipped, not shortened.
 */
export function drawNormals({ left, up, front }: Normals, data: Uint8ClampedArray, start: number): void {
  for (let i = 0, to = 4 * start; i < left.length; i++, to += 4) {
    data[to] = (127.5 + 127.5 * (left[i] as number)) | 0;
    data[to + 1] = (127.5 + 127.5 * (up[i] as number)) | 0;
    data[to + 2] = (127.5 + 127.5 * (front[i] as number)) | 0;
    data[to + 3] = 255;
  }
}
