import { typeOf } from "./icc-tags.ts";
import type { Curve } from "./raster.ts";

/** A curve and the bytes that it takes in the file; no curve for a type that is not known. */
export interface StoredCurve {
  readonly curve?: Curve;
  readonly length: number;
}

/** Reads a curve, sampled ("curv") or by formula ("para"), as in ICC.1:2022, sections 10.6 and 10.18. */
export function curveOf(tag: DataView, at = 0): StoredCurve {
  const type = typeOf(tag, at);
  if (type === "curv") {
    const count = tag.getUint32(at + 8);
    const length = 12 + count * 2;
    if (count === 0) return { curve: (v) => v, length };
    if (count === 1) {
      const power = tag.getUint16(at + 12) / 256;
      return { curve: (v) => v ** power, length };
    }
    if (at + length > tag.byteLength) return { length };
    const table = Float64Array.from({ length: count }, (_, i) => tag.getUint16(at + 12 + i * 2) / 65535);
    return { curve: sampled(table), length };
  }
  if (type !== "para") return { length: 0 };
  const form = tag.getUint16(at + 8);
  const count = [1, 3, 4, 5, 7][form];
  if (count === undefined) return { length: 0 };
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: count },
    (_, i) => tag.getInt32(at + 12 + i * 4) / 65536,
  );
  const power = (v: number): number => Math.max(0, a * v + b) ** g;
  const forms: readonly Curve[] = [
    (v) => v ** g,
    (v) => (a * v + b >= 0 ? power(v) : 0),
    (v) => (a * v + b >= 0 ? power(v) + c : c),
    (v) => (v >= d ? power(v) : c * v),
    (v) => (v >= d ? power(v) + e : c * v + f),
  ];
  return { curve: forms[form] as Curve, length: 12 + count * 4 };
}

/** Linear steps between the samples of a table; outside 0..1 the first or last one. */
export function sampled(table: Float64Array): Curve {
  const last = table.length - 1;
  return (v) => {
    const place = Math.min(Math.max(v, 0), 1) * last;
    const below = Math.min(Math.floor(place), last - 1);
    const low = table[below] as number;
    return low + ((table[below + 1] as number) - low) * (place - below);
  };
}
