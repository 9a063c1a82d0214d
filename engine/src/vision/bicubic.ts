import type { Pixels } from "../core/pixels.ts";

/** From which pixels, and with which weights, each new pixel of one axis is made: up to `count` of them. */
interface Taps {
  readonly count: number;
  readonly first: Int32Array;
  readonly used: Int32Array;
  readonly weight: Float64Array;
}

/** Keys' kernel with a = -0.5, two pixels wide to each side. */
function kernel(distance: number): number {
  const d = Math.abs(distance);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

function taps(from: number, to: number): Taps {
  const scale = from / to;
  // A picture that is made smaller is smoothed over as many pixels as a new one covers.
  const spread = Math.max(scale, 1);
  const reach = 2 * spread;
  const count = Math.ceil(reach) * 2 + 1;
  const [first, used] = [new Int32Array(to), new Int32Array(to)];
  const weight = new Float64Array(to * count);
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    let sum = 0;
    for (let i = begin; i < end; i++) {
      const share = kernel((i - centre + 0.5) / spread);
      weight[x * count + i - begin] = share;
      sum += share;
    }
    for (let k = 0; k < end - begin; k++) weight[x * count + k] = (weight[x * count + k] as number) / sum;
    first[x] = begin;
    used[x] = end - begin;
  }
  return { count, first, used, weight };
}

/**
 * Scales an opaque picture by the rules of Pillow's `resize` with its bicubic filter: edges have fewer neighbours instead
 * of repeated ones, a smaller picture is smoothed, and values are rounded after each direction. First in x, then in y.
 */
export function bicubic(source: Pixels, width: number, height: number): Pixels {
  const across = width === source.width ? source : scaledRows(source, width);
  return height === source.height ? across : scaledColumns(across, height);
}

function scaledRows({ width: from, height, data }: Pixels, width: number): Pixels {
  const { count, first, used, weight } = taps(from, width);
  const out = new Uint8ClampedArray(4 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      let [red, green, blue] = [0, 0, 0];
      let at = 4 * (y * from + (first[x] as number));
      const last = x * count + (used[x] as number);
      for (let k = x * count; k < last; k++, at += 4) {
        const share = weight[k] as number;
        red += share * (data[at] as number);
        green += share * (data[at + 1] as number);
        blue += share * (data[at + 2] as number);
      }
      // Halves upward, as Pillow's fixed-point sums round; a clamped array alone rounds them to even.
      out[to] = Math.floor(red + 0.5);
      out[to + 1] = Math.floor(green + 0.5);
      out[to + 2] = Math.floor(blue + 0.5);
      out[to + 3] = 255;
    }
  }
  return { width, height, data: out };
}

function scaledColumns({ width, height: from, data }: Pixels, height: number): Pixels {
  const { count, first, used, weight } = taps(from, height);
  const pitch = 4 * width;
  const out = new Uint8ClampedArray(pitch * height);
  const sums = new Float64Array(pitch);
  for (let y = 0; y < height; y++) {
    sums.fill(0.5);
    for (let k = 0; k < (used[y] as number); k++) {
      const share = weight[y * count + k] as number;
      const row = ((first[y] as number) + k) * pitch;
      for (let i = 0; i < pitch; i++) sums[i] = (sums[i] as number) + share * (data[row + i] as number);
    }
    for (let i = 0, to = y * pitch; i < pitch; i++, to++) out[to] = Math.floor(sums[i] as number);
  }
  return { width, height, data: out };
}
