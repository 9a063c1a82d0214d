import { UnderdrawError } from "../core/errors.ts";

// Standard normals equal to those of torch with a generator on the CPU, which diffusers and ComfyUI start from: the
// Mersenne twister (Matsumoto and Nishimura 1998, mt19937) and torch's two ways from its bits to normal numbers
// (aten/src/ATen/native/cpu/DistributionTemplates.h, ATen/core/DistributionsHelper.h). Equal within 1e-6 of each value:
// torch's vector code rounds logarithms and cosines a last bit differently from machine to machine.

const largestSeed = 2n ** 64n - 1n;

function refuseSeed(value: unknown, problem: string): never {
  const message = `The seed ${String(value)} ${problem}. Give a whole number from 0 to ${largestSeed}${
    typeof value === "number" ? "; one above 9007199254740991 as text or BigInt" : ""
  }.`;
  throw new UnderdrawError("request-invalid", message, { issues: [{ path: "seed", message }] });
}

/** A seed from 0 to 2^64 - 1, exactly, from a number, a BigInt or decimal text; else `request-invalid`. */
export function parseSeed(value: number | bigint | string): bigint {
  if (typeof value === "string" && !/^\s*\d+\s*$/.test(value))
    return refuseSeed(JSON.stringify(value), "is not a whole number");
  if (typeof value === "number" && !Number.isInteger(value)) return refuseSeed(value, "is not a whole number");
  // A number beyond 2^53 has lost digits that the person meant.
  if (typeof value === "number" && value > Number.MAX_SAFE_INTEGER)
    return refuseSeed(value, "is not exact as a number");
  const seed = BigInt(value);
  return seed < 0n || seed > largestSeed ? refuseSeed(value, "is out of range") : seed;
}

/** A seed for who gave none: below 2^32, since torch on the CPU looks at no more. */
export function randomSeed(): bigint {
  return BigInt(crypto.getRandomValues(new Uint32Array(1))[0] as number);
}

// mt19937: 32 random bits a call.
function twister(seed: number): () => number {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) {
    const before = state[i - 1] as number;
    state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
  }
  let at = 624;
  return () => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const mixed = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % 624] as number) & 0x7fffffff);
        state[i] = (state[(i + 397) % 624] as number) ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let bits = state[at++] as number;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  };
}

const round = Math.fround;
const turn = round(2 * Math.PI);

// Box and Muller on 16 uniform float32 numbers, in place: radii of the first eight, angles of the last.
function normalizeSixteen(values: Float32Array): void {
  for (let i = 0; i < 8; i++) {
    const radius = round(Math.sqrt(round(-2 * round(Math.log(round(1 - (values[i] as number)))))));
    const angle = round(turn * (values[i + 8] as number));
    values[i] = radius * round(Math.cos(angle));
    values[i + 8] = radius * round(Math.sin(angle));
  }
}

/**
 * A generator of standard normals as `torch.Generator().manual_seed(seed)` is one: each call draws a tensor of `count`
 * numbers and goes on where the last one ended. As in torch only the seed's low 32 bits count, fewer than 16 numbers come
 * from another method that may keep one number for the next such call, and a length that is no multiple of 16 draws its
 * last 16 anew.
 */
export function createNormals(seed: bigint | number): (count: number) => Float32Array {
  const bits = twister(Number(BigInt.asUintN(32, BigInt(seed))));
  const float = () => (bits() & 0xffffff) / 2 ** 24;
  const double = () => {
    const high = bits() & 0x1fffff;
    return (high * 2 ** 32 + bits()) / 2 ** 53;
  };
  let spare: number | null = null;
  const single = () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    const angle = 2 * Math.PI * double();
    const radius = Math.sqrt(-2 * Math.log1p(-double()));
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return (count) => {
    const values = new Float32Array(count);
    if (count < 16) return values.map(single);
    for (let i = 0; i < count; i++) values[i] = float();
    for (let i = 0; i + 16 <= count; i += 16) normalizeSixteen(values.subarray(i, i + 16));
    if (count % 16 !== 0) {
      const last = values.subarray(count - 16);
      for (let i = 0; i < 16; i++) last[i] = float();
      normalizeSixteen(last);
    }
    return values;
  };
}

/** A generator of numbers from 0 to below 1, of 53 random bits each, from a seed's low 32 bits. */
export function createUniforms(seed: number): () => number {
  const bits = twister(seed >>> 0);
  return () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53;
}
