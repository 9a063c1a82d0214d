import { halfNumbers } from "../graph/half.ts";

// The other short floating-point formats of checkpoints, in bulk, and a look for what is no number. Widening is exact.
// Wide results may share their buffer with the short input, when that lies at the buffer's end: each number is read
// before a wide one is written over it.

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
  for (let i = 0; i < from.length; i++) into[i] = halfNumbers[(from[i] as number) << 8] as number;
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
