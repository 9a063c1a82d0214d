// Half and other short floating-point formats to and from float32, in bulk: what stands between the numbers of a
// checkpoint and those of a graph. Widening is exact; narrowing rounds to the nearest, ties to even (IEEE 754).
// Wide results may share their buffer with the short input, when that lies at the buffer's end: each number is read
// before a wide one is written over it.

/** float32 of each of the 65536 halves: 5 bits of exponent with bias 15, 10 of fraction. */
const halves = Float32Array.from({ length: 65536 }, (_, half) => {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
});

/**
 * float32 of each byte of F8_E4M3, the finite kind: bias 7, no infinity, and NaN is 0x7f and 0xff (OCP "8-bit floating
 * point specification", the format E4M3).
 */
const tiny = Float32Array.from({ length: 256 }, (_, byte) => {
  const sign = byte & 0x80 ? -1 : 1;
  const exponent = (byte >>> 3) & 15;
  const fraction = byte & 7;
  if ((byte & 0x7f) === 0x7f) return Number.NaN;
  return sign * (exponent ? (1 + fraction / 8) * 2 ** (exponent - 7) : fraction * 2 ** -9);
});

/** Widens halves. */
export function widenHalf(from: Uint16Array, into: Float32Array): void {
  for (let i = 0; i < from.length; i++) into[i] = halves[from[i] as number] as number;
}

/** Widens bfloat16: the upper half of a float32. `into` holds the float32's bits. */
export function widenBrain(from: Uint16Array, into: Uint32Array): void {
  for (let i = 0; i < from.length; i++) into[i] = (from[i] as number) << 16;
}

/** Widens F8_E4M3. */
export function widenE4M3(from: Uint8Array, into: Float32Array): void {
  for (let i = 0; i < from.length; i++) into[i] = tiny[from[i] as number] as number;
}

/** Widens F8_E5M2: the upper half of a half. */
export function widenE5M2(from: Uint8Array, into: Float32Array): void {
  for (let i = 0; i < from.length; i++) into[i] = halves[(from[i] as number) << 8] as number;
}

/**
 * Rounds float32 numbers, given by their bits, to halves. Beyond 65504 (after rounding) comes infinity, below 2^-24
 * subnormals and zero; NaN stays NaN.
 */
export function narrowHalf(from: Uint32Array, into: Uint16Array): void {
  for (let i = 0; i < from.length; i++) {
    const bits = from[i] as number;
    const size = bits & 0x7fffffff;
    const sign = (bits >>> 16) & 0x8000;
    // A carry out of the fraction goes into the exponent, and from the largest exponent into infinity: both are right.
    if (size >= 0x38800000 && size < 0x47800000) {
      into[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
    } else into[i] = sign | narrowEdge(size);
  }
}

/** The half of a size (bits without sign) that is no normal half. */
function narrowEdge(size: number): number {
  if (size >= 0x47800000) return size > 0x7f800000 ? 0x7e00 : 0x7c00;
  if (size < 0x33000000) return 0;
  const shift = 126 - (size >>> 23);
  const fraction = (size & 0x7fffff) | 0x800000;
  const whole = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return whole + (rest > tie || (rest === tie && whole & 1) ? 1 : 0);
}

/** The place of the first NaN or infinity among float32 numbers given by their bits, or -1. */
export function findNotFinite(bits: Uint32Array): number {
  for (let i = 0; i < bits.length; i++) if (((bits[i] as number) & 0x7f800000) === 0x7f800000) return i;
  return -1;
}

/** The place of the first NaN or infinity among halves, or -1. */
export function findNotFiniteHalf(halves: Uint16Array): number {
  for (let i = 0; i < halves.length; i++) if (((halves[i] as number) & 0x7c00) === 0x7c00) return i;
  return -1;
}
