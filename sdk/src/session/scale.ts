import { createPixels, type Pixels } from "@underdraw/engine/core";

// Scales pictures: from a capture to the size that a model draws, and from there to the size of a layer. Condition maps
// have rules of their own and are the engine's business.

/** How long rows may be computed before others get a turn, in ms: half of what a person notices (50 ms). */
const turn = 25;

/** From which pixels, and with which weights, each new pixel of an axis is made. */
interface Taps {
  readonly count: number;
  /** The first pixel of each new one; the others follow it. */
  readonly first: Int32Array;
  readonly weight: Float32Array;
}

/**
 * Scales a picture to `width` x `height` pixels: Catmull and Rom's cubic, as wide as a new pixel where it shrinks, so
 * that nothing is left out; half-pixel centres, so that nothing shifts; colours weighted by their alpha, so that what is
 * transparent lends no colour. A picture that has the size already comes back as it is. Gives others a turn while it
 * works. Throws a `RangeError` for a size that is not whole or below 1; rejects with the signal's reason when stopped.
 */
export async function scaled(
  pixels: Pixels,
  width: number,
  height: number,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Pixels> {
  if (![width, height].every((side) => Number.isInteger(side) && side >= 1))
    throw new RangeError(`width, height: a picture has at least 1x1 whole pixels, not ${width}x${height}.`);
  if (pixels.width === width && pixels.height === height) return pixels;
  const rest = turns(options.signal);
  const [columns, rows] = [taps(pixels.width, width), taps(pixels.height, height)];
  const wide = new Float32Array(4 * width * pixels.height);
  for (let y = 0; y < pixels.height; y++) {
    scaleRow(pixels, y, columns, wide.subarray(4 * width * y, 4 * width * (y + 1)));
    await rest();
  }
  const made = createPixels(width, height);
  const sums = new Float32Array(4 * width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = 0; k < rows.count; k++) {
      const weight = rows.weight[y * rows.count + k] ?? 0;
      const from = 4 * width * ((rows.first[y] ?? 0) + k);
      if (weight === 0) continue;
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (wide[from + i] ?? 0);
    }
    writeRow(sums, made.data, 4 * width * y);
    await rest();
  }
  return made;
}

/** Gives others a turn whenever the last one is long enough ago; throws when the work was stopped meanwhile. */
function turns(signal?: AbortSignal): () => Promise<void> | undefined {
  let since = performance.now();
  signal?.throwIfAborted();
  return () => {
    if (performance.now() - since < turn) return undefined;
    return new Promise<void>((resolve) => setTimeout(resolve)).then(() => {
      signal?.throwIfAborted();
      since = performance.now();
    });
  };
}

/** Scales a row in x, each colour multiplied by its alpha. */
function scaleRow({ width, data }: Pixels, y: number, { count, first, weight }: Taps, row: Float32Array): void {
  const start = 4 * width * y;
  for (let x = 0; x < first.length; x++) {
    let [red, green, blue, cover] = [0, 0, 0, 0];
    for (let k = 0; k < count; k++) {
      const share = weight[x * count + k] ?? 0;
      if (share === 0) continue;
      const i = start + 4 * ((first[x] ?? 0) + k);
      const part = share * (data[i + 3] ?? 0);
      red += part * (data[i] ?? 0);
      green += part * (data[i + 1] ?? 0);
      blue += part * (data[i + 2] ?? 0);
      cover += part;
    }
    row[4 * x] = red;
    row[4 * x + 1] = green;
    row[4 * x + 2] = blue;
    row[4 * x + 3] = cover;
  }
}

/** Writes a row of colours times alpha as straight alpha; the clamped array rounds. */
function writeRow(sums: Float32Array, data: Uint8ClampedArray, start: number): void {
  for (let i = 0; i < sums.length; i += 4) {
    const cover = sums[i + 3] ?? 0;
    if (cover < 0.5) continue; // alpha 0: no colour
    for (let k = 0; k < 3; k++) data[start + i + k] = (sums[i + k] ?? 0) / cover;
    data[start + i + 3] = cover;
  }
}

function taps(from: number, to: number): Taps {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const count = Math.min(from, Math.ceil(4 * stretch) + 1);
  const first = new Int32Array(to);
  const weight = new Float32Array(to * count);
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * scale - 0.5;
    const lowest = Math.ceil(centre - 2 * stretch);
    const start = Math.min(Math.max(lowest, 0), from - count);
    first[x] = start;
    let sum = 0;
    for (let pixel = lowest; pixel <= centre + 2 * stretch; pixel++) {
      const share = cubic((pixel - centre) / stretch);
      // Beyond the edge the last pixel goes on.
      const at = x * count + Math.min(Math.max(pixel, 0), from - 1) - start;
      weight[at] = (weight[at] ?? 0) + share;
      sum += share;
    }
    for (let k = 0; k < count; k++) weight[x * count + k] = (weight[x * count + k] ?? 0) / sum;
  }
  return { count, first, weight };
}

/** The cubic of Catmull and Rom (Keys' kernel with a = -1/2), 0 at a distance of 2 and more. */
function cubic(distance: number): number {
  const d = Math.abs(distance);
  if (d >= 2) return 0;
  return d >= 1 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : (1.5 * d - 2.5) * d * d + 1;
}
