import { curveOf, sampled } from "./icc-curves.ts";
import { typeOf } from "./icc-tags.ts";
import type { Curve } from "./raster.ts";
import { apply } from "./srgb.ts";

/** A table of a profile: three samples in, three connection values out, all 0..1 as stored. */
export interface Lut {
  convert(samples: readonly number[]): number[];
  /** Turns stored connection values into CIE Lab; the types of table differ in how they store it. */
  toLab(values: readonly number[]): number[];
}

type Step = (values: readonly number[]) => readonly number[];

const lab = (values: readonly number[], whole = 1, middle = 1): number[] => [
  100 * whole * (values[0] as number),
  255 * middle * (values[1] as number) - 128,
  255 * middle * (values[2] as number) - 128,
];

/**
 * Reads a table of type "mft1", "mft2" or "mAB " (ICC.1:2022, sections 10.10 to 10.12) with three inputs and three
 * outputs; null for another shape or type.
 */
export function lutOf(tag: DataView): Lut | null {
  const type = typeOf(tag);
  if (tag.byteLength < 32 || tag.getUint8(8) !== 3 || tag.getUint8(9) !== 3) return null;
  if (type === "mAB ") return chain(modernSteps(tag), (values) => lab(values));
  if (type === "mft1") return chain(classicSteps(tag, 1), (values) => lab(values));
  // 16-bit tables keep version 2's way to store Lab: 0xff00 is 100, and 0x8000 is 0 for a and b.
  if (type === "mft2") {
    return chain(classicSteps(tag, 2), (values) => lab(values, 65535 / 65280, 65535 / 65280));
  }
  return null;
}

function chain(steps: readonly Step[] | null, toLab: Lut["toLab"]): Lut | null {
  if (!steps) return null;
  return {
    convert: (samples) => [...steps.reduce((values, step) => step(values), samples)],
    toLab,
  };
}

const curves =
  (each: readonly Curve[]): Step =>
  (values) =>
    values.map((value, i) => (each[i] as Curve)(value));

/** Input tables, grid, output tables. The matrix of these types counts only for XYZ samples and is passed over. */
function classicSteps(tag: DataView, width: 1 | 2): Step[] | null {
  const points = tag.getUint8(10);
  const [inputs, outputs] = width === 1 ? [256, 256] : [tag.getUint16(48), tag.getUint16(50)];
  if (points < 2 || inputs < 2 || outputs < 2) return null;
  let at = width === 1 ? 48 : 52;
  const numbers = (count: number): Float64Array => {
    const start = at;
    at += count * width;
    return Float64Array.from({ length: count }, (_, i) =>
      width === 1 ? tag.getUint8(start + i) / 255 : tag.getUint16(start + i * 2) / 65535,
    );
  };
  const before = [0, 1, 2].map(() => sampled(numbers(inputs)));
  const between = grid(numbers(points ** 3 * 3), [points, points, points]);
  const after = [0, 1, 2].map(() => sampled(numbers(outputs)));
  return [curves(before), between, curves(after)];
}

/** A curves, grid, M curves, matrix, B curves: each but the last may be missing. */
function modernSteps(tag: DataView): Step[] | null {
  const [last, matrix, middle, table, first] = [12, 16, 20, 24, 28].map((at) => tag.getUint32(at)) as number[];
  const steps: Step[] = [];
  const add = (start: number): boolean => {
    const each: Curve[] = [];
    for (let at = start; each.length < 3; ) {
      const { curve, length } = curveOf(tag, at);
      if (!curve) return false;
      each.push(curve);
      at += (length + 3) & ~3;
    }
    steps.push(curves(each));
    return true;
  };
  if (first && !add(first)) return null;
  if (table) {
    const points = [0, 1, 2].map((i) => tag.getUint8(table + i));
    const width = tag.getUint8(table + 16);
    if (points.some((count) => count < 2) || (width !== 1 && width !== 2)) return null;
    const count = points.reduce((product, value) => product * value, 3);
    if (table + 20 + count * width > tag.byteLength) return null;
    const values = Float64Array.from({ length: count }, (_, i) =>
      width === 1 ? tag.getUint8(table + 20 + i) / 255 : tag.getUint16(table + 20 + i * 2) / 65535,
    );
    steps.push(grid(values, points));
  }
  if (middle && !add(middle)) return null;
  if (matrix) {
    const numbers = Array.from({ length: 12 }, (_, i) => tag.getInt32(matrix + i * 4) / 65536);
    steps.push((values) => apply(numbers, values).map((value, i) => value + (numbers[9 + i] as number)));
  }
  return last && add(last) ? steps : null;
}

/** Interpolates in a grid of three dimensions by tetrahedra: along the axes in the order of their fractions. */
function grid(values: Float64Array, points: readonly number[]): Step {
  const strides = [(points[1] as number) * (points[2] as number) * 3, (points[2] as number) * 3, 3];
  return (samples) => {
    const axes = samples.map((sample, i) => {
      const last = (points[i] as number) - 1;
      const place = Math.min(Math.max(sample, 0), 1) * last;
      const below = Math.min(Math.floor(place), last - 1);
      return { offset: below * (strides[i] as number), stride: strides[i] as number, fraction: place - below };
    });
    let at = axes.reduce((sum, { offset }) => sum + offset, 0);
    const result = [0, 1, 2].map((channel) => values[at + channel] as number);
    for (const { stride, fraction } of axes.sort((a, b) => b.fraction - a.fraction)) {
      for (let channel = 0; channel < 3; channel++) {
        const step = (values[at + stride + channel] as number) - (values[at + channel] as number);
        result[channel] = (result[channel] as number) + fraction * step;
      }
      at += stride;
    }
    return result;
  };
}
