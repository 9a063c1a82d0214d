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
export function widenBrain(from: Uint16Array, into: Uint32Array | Int32Array): void {
  // Signed and four at once, which V8 does at 4.3 GB in a second of one core; all four are read before one is written.
  const bits = new Int32Array(into.buffer, into.byteOffset, into.length);
  const fours = from.length & ~3;
  for (let i = 0; i < fours; i += 4) {
    const first = from[i] as number;
    const second = from[i + 1] as number;
    const third = from[i + 2] as number;
    const fourth = from[i + 3] as number;
    bits[i] = first << 16;
    bits[i + 1] = second << 16;
    bits[i + 2] = third << 16;
    bits[i + 3] = fourth << 16;
  }
  for (let i = fours; i < from.length; i++) bits[i] = (from[i] as number) << 16;
}

/** Widens F8_E4M3. */
export function widenE4M3(from: Uint8Array, into: Float32Array): void {
  for (let i = 0; i < from.length; i++) into[i] = tiny[from[i] as number] as number;
}

/** Widens F8_E5M2: the upper half of a half. */
export function widenE5M2(from: Uint8Array, into: Float32Array): void {
  for (let i = 0; i < from.length; i++) into[i] = halfNumbers[(from[i] as number) << 8] as number;
}

const exponent = 0x7f800000;

/** The place of the first NaN or infinity among float32 numbers given by their bits, or -1. */
export function findNotFinite(bits: Uint32Array | Int32Array): number {
  const all = new Int32Array(bits.buffer, bits.byteOffset, bits.length);
  // An exponent of ones overflows into the sign when its lowest bit is added: no branch as long as all is well.
  let [one, other] = [0, 0];
  const pairs = all.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    one |= ((all[i] as number) & exponent) + 0x800000;
    other |= ((all[i + 1] as number) & exponent) + 0x800000;
  }
  if (all.length > pairs) one |= ((all[pairs] as number) & exponent) + 0x800000;
  return (one | other) < 0 ? all.findIndex((number) => (number & exponent) === exponent) : -1;
}

const exponents = 0x7c007c00;

/** The place of the first NaN or infinity among halves, or -1. */
export function findNotFiniteHalf(halves: Uint16Array): number {
  const slowly = (): number => halves.findIndex((half) => (half & 0x7c00) === 0x7c00);
  if (halves.byteOffset % 4 !== 0) return slowly();
  // The same two at once: an exponent of ones overflows into its half's sign.
  const all = new Int32Array(halves.buffer, halves.byteOffset, halves.length >> 1);
  let [one, other] = [0, 0];
  const pairs = all.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    one |= ((all[i] as number) & exponents) + 0x04000400;
    other |= ((all[i + 1] as number) & exponents) + 0x04000400;
  }
  if (all.length > pairs) one |= ((all[pairs] as number) & exponents) + 0x04000400;
  if (halves.length % 2 === 1 && ((halves[halves.length - 1] as number) & 0x7c00) === 0x7c00) return slowly();
  return ((one | other) & 0x80008000) === 0 ? -1 : slowly();
}
