import type { Pixels } from "../core/pixels.ts";
import { gaussian } from "./gaussian.ts";
import { depthNormals, normalPixels } from "./normals.ts";
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
  const { width, height, data } = source;
  const { strength, smooth, background, flipRed, flipGreen } = options;
  let depth: FloatPlane = { width, height, data: new Float32Array(width * height) };
  for (let i = 0, from = 0; i < depth.data.length; i++, from += 4) {
    depth.data[i] = ((data[from] as number) + (data[from + 1] as number) + (data[from + 2] as number)) / 765;
  }
  yield 0.1;
  if (smooth > 0) depth = smoothed(depth, smooth);
  yield 0.5;
  // Sobel's sums are eight times the slope.
  const front = 8 / (strength * Math.min(width, height));
  const normals = depthNormals(depth, { front, background, beyond: "sloping" });
  yield 0.8;
  if (flipRed) negate(normals.left);
  if (flipGreen) negate(normals.up);
  return normalPixels(normals);
}

/** A Gaussian that keeps slopes at the edges: beyond them the picture goes on turned by half a turn, as in a point mirror. */
function smoothed({ width, height, data }: FloatPlane, sigma: number): FloatPlane {
  const reach = Math.ceil(4 * sigma) + 1;
  const pitch = width + 2 * reach;
  const wide = new Float32Array(pitch * (height + 2 * reach));
  for (let y = 0; y < height; y++) {
    const from = y * width;
    const to = (y + reach) * pitch + reach;
    wide.set(data.subarray(from, from + width), to);
    for (let k = 1; k <= reach; k++) {
      const away = Math.min(k, width - 1);
      wide[to - k] = 2 * (data[from] as number) - (data[from + away] as number);
      wide[to + width - 1 + k] = 2 * (data[from + width - 1] as number) - (data[from + width - 1 - away] as number);
    }
  }
  for (let k = 1; k <= reach; k++) {
    const away = Math.min(k, height - 1) * pitch;
    const [first, last] = [reach * pitch, (reach + height - 1) * pitch];
    for (let x = 0; x < pitch; x++) {
      wide[first - k * pitch + x] = 2 * (wide[first + x] as number) - (wide[first + away + x] as number);
      wide[last + k * pitch + x] = 2 * (wide[last + x] as number) - (wide[last - away + x] as number);
    }
  }
  const soft = gaussian({ width: pitch, height: height + 2 * reach, data: wide }, sigma).data;
  const inner = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    const from = (y + reach) * pitch + reach;
    inner.set(soft.subarray(from, from + width), y * width);
  }
  return { width, height, data: inner };
}

function negate(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = -(values[i] as number);
}
