import type { Pixels } from "../core/pixels.ts";
import { blurRows, type RowLoader, type RowTaker } from "./gaussian.ts";
import { normalMap } from "./normals.ts";
import { inRows, part } from "./part.ts";
import type { FloatPlane } from "./plane.ts";

/** How the normals of a depth map in 8 bits are drawn. */
export interface DepthNormalOptions {
  /** How deep the scene is from 0 to 255, as a share of the picture's shorter side. */
  readonly strength: number;
  /** The sigma of the Gaussian that goes before, in pixels; 0 for none. */
  readonly smooth: number;
  /** From 0 to 1: what is further away looks to the viewer. */
  readonly background: number;
  /** Right is red instead of left. */
  readonly flipRed: boolean;
  /** Down is green instead of up. */
  readonly flipGreen: boolean;
}

/** Draws the normals of a depth map, near = white: its channels' mean is the depth. Yields the share done, from 0 to 1. */
export function* depthNormalMap(source: Pixels, options: DepthNormalOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const { strength, smooth, background, flipRed, flipGreen } = options;
  const depth = yield* part(smooth > 0 ? smoothed(source, smooth) : plain(source), 0, 0.5);
  // Sobel's sums are eight times the slope.
  const front = 8 / (strength * Math.min(width, height));
  return yield* part(normalMap(depth, { front, background, beyond: "sloping", flipRed, flipGreen }), 0.5, 0.5);
}

/** The depths of a row, from 0 to 1. */
function depthRow({ width, data }: Pixels, y: number, into: Float32Array): void {
  for (let x = 0, from = 4 * y * width; x < width; x++, from += 4) {
    into[x] = ((data[from] as number) + (data[from + 1] as number) + (data[from + 2] as number)) / 765;
  }
}

function* plain(source: Pixels): Generator<number, FloatPlane, void> {
  const { width, height } = source;
  const data = new Float32Array(width * height);
  yield* inRows(width, height, (y) => depthRow(source, y, data.subarray(y * width, (y + 1) * width)));
  return { width, height, data };
}

/** A Gaussian that keeps slopes at the edges: beyond them the picture goes on turned by half a turn, as in a point mirror. */
function* smoothed(source: Pixels, sigma: number): Generator<number, FloatPlane, void> {
  const { width, height } = source;
  const reach = Math.ceil(4 * sigma) + 1;
  const pitch = width + 2 * reach;
  const row = new Float32Array(width);
  /** A row of the picture, gone on to both sides. */
  const wideRow = (y: number): Float32Array => {
    depthRow(source, y, row);
    const wide = new Float32Array(pitch);
    wide.set(row, reach);
    for (let k = 1; k <= reach; k++) {
      const away = Math.min(k, width - 1);
      wide[reach - k] = 2 * (row[0] as number) - (row[away] as number);
      wide[reach + width - 1 + k] = 2 * (row[width - 1] as number) - (row[width - 1 - away] as number);
    }
    return wide;
  };
  const load: RowLoader = (at, { floats }, to) => {
    const y = at - reach;
    const edge = Math.min(Math.max(y, 0), height - 1);
    const wide = wideRow(edge);
    if (y !== edge) {
      const away = Math.min(Math.abs(y - edge), height - 1);
      const opposite = wideRow(y < 0 ? edge + away : edge - away);
      for (let x = 0; x < pitch; x++) wide[x] = 2 * (wide[x] as number) - (opposite[x] as number);
    }
    floats.set(wide, to / 4);
  };
  const data = new Float32Array(width * height);
  const take: RowTaker = (at, soft) => {
    const y = at - reach;
    if (y >= 0 && y < height) data.set(soft.subarray(reach, reach + width), y * width);
  };
  yield* blurRows(pitch, height + 2 * reach, 1, sigma, load, take);
  return { width, height, data };
}
