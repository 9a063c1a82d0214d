import type { Tensor } from "./runtime.ts";

// Where controls meet the locked network: base + strength x mask x residual, for each row of the batch. Strengths and
// masks are data, so that no session is made for them. On a GPU it is a kernel of ours; here is the plain loop for tensors
// that lie beside the device, and what both mean.

/** A tensor that is added with strengths. */
export interface ScaledTerm<T = Tensor> {
  /** [rows of its own, channels, height, width] */
  readonly tensor: T;
  /** For each row of the base: which of the term's rows is added and how strongly; null for none. */
  readonly rows: readonly ({ readonly row: number; readonly scale: number } | null)[];
  /** A factor for each place, [height x width]; 1 everywhere without it. */
  readonly mask?: Float32Array;
  /** Whether it is the mean over all places that is added, after the mask. */
  readonly pool: boolean;
}

/** A tensor [rows, channels, height, width] and what is added to it, in that order. */
export interface ScaledSum<T = Tensor> {
  readonly base: T;
  readonly terms: readonly ScaledTerm<T>[];
}

/** Two tensors [rows of its own, channels, height, width] of the same channels and places, multiplied row by row. */
export interface RowProduct<T = Tensor> {
  readonly one: T;
  readonly other: T;
  /** Which row of the one meets which of the other. */
  readonly rows: readonly (readonly [one: number, other: number])[];
}

/** Numbers with their sides. */
export interface Numbers {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** The sum, in the base's own memory. Each product and each sum is rounded to float32. */
export function addScaled({ base, terms }: ScaledSum<Numbers>): Float32Array {
  const { values } = base;
  const [rows, channels, area] = sides(base);
  for (const { tensor, rows: strengths, mask, pool } of terms)
    for (let row = 0; row < rows; row++) {
      const strength = strengths[row];
      if (!strength) continue;
      const scale = Math.fround(strength.scale);
      for (let c = 0; c < channels; c++) {
        const to = (row * channels + c) * area;
        const from = (strength.row * channels + c) * area;
        if (pool) shift(values, to, area, Math.fround(scale * pooled(tensor.values, from, area, mask)));
        else if (mask) addMasked(values, to, area, { from, added: tensor.values, scale, mask });
        else addPlain(values, to, area, { from, added: tensor.values, scale });
      }
    }
  return values;
}

/** For each pair of rows and each place, the sum over the channels of the product: [pairs x places]. */
export function products({ one, other, rows }: RowProduct<Numbers>): Float32Array {
  const [, channels, area] = sides(one);
  const sums = new Float64Array(rows.length * area);
  for (const [n, [row, beside]] of rows.entries())
    for (let c = 0; c < channels; c++) {
      const from = (row * channels + c) * area;
      const fromOther = (beside * channels + c) * area;
      for (let i = 0, to = n * area; i < area; i++, to++)
        sums[to] = (sums[to] as number) + (one.values[from + i] as number) * (other.values[fromOther + i] as number);
    }
  return Float32Array.from(sums);
}

/** Rows, channels and places of a tensor. */
export function sides({ dims }: { readonly dims: readonly number[] }): [rows: number, channels: number, area: number] {
  const [rows = 1, channels = 1, height = 1, width = 1] = dims;
  return [rows, channels, height * width];
}

interface Added {
  readonly added: Float32Array;
  readonly from: number;
  readonly scale: number;
}

function addPlain(values: Float32Array, to: number, area: number, { added, from, scale }: Added): void {
  for (let i = 0; i < area; i++)
    values[to + i] = (values[to + i] as number) + Math.fround(scale * (added[from + i] as number));
}

function addMasked(
  values: Float32Array,
  to: number,
  area: number,
  { added, from, scale, mask }: Added & { readonly mask: Float32Array },
): void {
  for (let i = 0; i < area; i++) {
    const scaled = Math.fround(scale * (added[from + i] as number));
    values[to + i] = (values[to + i] as number) + Math.fround(scaled * (mask[i] as number));
  }
}

function shift(values: Float32Array, to: number, area: number, by: number): void {
  for (let i = 0; i < area; i++) values[to + i] = (values[to + i] as number) + by;
}

/** The mean over the places, each times the mask. */
function pooled(values: Float32Array, from: number, area: number, mask: Float32Array | undefined): number {
  let sum = 0;
  for (let i = 0; i < area; i++) sum += (values[from + i] as number) * (mask ? (mask[i] as number) : 1);
  return Math.fround(sum / area);
}
