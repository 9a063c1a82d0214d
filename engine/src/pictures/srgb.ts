import type { Curve, Primaries } from "./raster.ts";

/** sRGB's transfer curve (IEC 61966-2-1): a stored sample, 0..1, into light, 0..1. */
export const srgbCurve: Curve = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/** sRGB's white (D65), red, green and blue as CIE xy (IEC 61966-2-1). */
export const srgbPrimaries: Primaries = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];

/** A 3 x 3 matrix, row by row. */
export type Matrix = readonly number[];

/** D50 as ICC profiles state it (ICC.1:2022, section 7.2.16): the white of the space that all conversions pass. */
export const d50: readonly [number, number, number] = [0.9642, 1, 0.8249];

/** The product of two matrices. */
export function multiply(a: Matrix, b: Matrix): number[] {
  const at = (matrix: Matrix, i: number): number => matrix[i] as number;
  return Array.from({ length: 9 }, (_, i) => {
    const row = i - (i % 3);
    return at(a, row) * at(b, i % 3) + at(a, row + 1) * at(b, (i % 3) + 3) + at(a, row + 2) * at(b, (i % 3) + 6);
  });
}

/** A matrix times a column. */
export function apply(m: Matrix, [x = 0, y = 0, z = 0]: readonly number[]): [number, number, number] {
  const at = (i: number): number => m[i] as number;
  return [at(0) * x + at(1) * y + at(2) * z, at(3) * x + at(4) * y + at(5) * z, at(6) * x + at(7) * y + at(8) * z];
}

/** The inverse of a matrix that has one. */
function inverse(m: Matrix): number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = m;
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ].map((value) => value / determinant);
}

// The cone response of Bradford's adaptation (ICC.1:2022, annex E).
const bradford: Matrix = [0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296];

/** The matrix from light in a space of such primaries, 0..1, to CIE XYZ under D50, where white has Y 1. */
export function toXyz(primaries: Primaries): number[] {
  const columns = [2, 4, 6, 0].map((at) => {
    const [x, y] = [primaries[at] as number, primaries[at + 1] as number];
    return [x / y, 1, (1 - x - y) / y];
  });
  const white = columns[3] as number[];
  const corners = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => (columns[column] as number[])[row] as number));
  const amounts = apply(inverse(corners), white);
  const scaled = corners.map((value, i) => value * (amounts[i % 3] as number));
  const [from, to] = [apply(bradford, white), apply(bradford, d50)];
  const gains = [to[0] / from[0], 0, 0, 0, to[1] / from[1], 0, 0, 0, to[2] / from[2]];
  return multiply(multiply(inverse(bradford), multiply(gains, bradford)), scaled);
}

/** The matrix from CIE XYZ under D50 to sRGB's light. */
export const xyzToSrgb: Matrix = inverse(toXyz(srgbPrimaries));

// light at which the stored byte becomes i + 1, and for every 4096th of the range a byte to begin the search at.
const steps = Float64Array.from({ length: 255 }, (_, i) => srgbCurve((i + 0.5) / 255));
const starts = new Uint8Array(4097);
for (let i = 0, byte = 0; i < starts.length; i++) {
  while (byte < 255 && (steps[byte] as number) <= i / 4096) byte++;
  starts[i] = byte;
}

/** Light, 0..1, as sRGB's nearest byte; what lies outside is clipped. Exact: it compares, and calls no power. */
export function srgbByte(light: number): number {
  if (!(light > 0)) return 0;
  if (light >= 1) return 255;
  let byte = starts[(light * 4096) | 0] as number;
  while (byte < 255 && (steps[byte] as number) <= light) byte++;
  return byte;
}
