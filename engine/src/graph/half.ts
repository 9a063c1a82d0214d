// Half precision (IEEE 754 binary16) to and from numbers, for constants of graphs and for what goes to a device.

const wide = new Float32Array(1);
const bits = new Uint32Array(wide.buffer);

/** Rounds a float32 to the nearest half, ties to even, as its 16 bits. Above 65504 (after rounding) comes infinity. */
export function halfFrom(value: number): number {
  wide[0] = value;
  const all = bits[0] ?? 0;
  const sign = (all >>> 16) & 0x8000;
  const size = all & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  if (size >= 0x47800000) return sign | 0x7c00;
  if (size < 0x38800000) {
    // Below 2^-14 halves are whole multiples of 2^-24. Scaling by a power of two is exact in float64.
    const steps = Math.abs(wide[0] ?? 0) * 16777216;
    const floor = Math.floor(steps);
    const rest = steps - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
  }
  // A carry out of the mantissa goes into the exponent, and from the largest exponent into infinity: both are right.
  return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
}

/** The number that 16 bits of a half stand for. */
export function halfTo(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rounds float32 numbers to halves. */
export function halves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halfFrom(values[i] ?? 0);
  return out;
}

let table: Float32Array | undefined;

/** Widens halves to float32, exactly. */
export function widened(values: Uint16Array): Float32Array<ArrayBuffer> {
  table ??= Float32Array.from({ length: 65536 }, (_, half) => halfTo(half));
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = table[values[i] ?? 0] ?? 0;
  return out;
}
