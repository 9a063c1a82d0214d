import { createNormals, createUniforms } from "../diffusion/random.ts";

// What is random in a training depends on its seed and on where it is used alone, never on what was drawn before: a run
// that goes on from a checkpoint draws what one without a stop would have drawn.

/** A number of 32 bits from a seed and a place (FNV-1a, then the finisher of MurmurHash3). */
function mixed(seed: number, place: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < place.length; i++) hash = Math.imul(hash ^ place.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Standard normals for a place. */
export const normalsAt = (seed: number, place: string, count: number): Float32Array =>
  createNormals(mixed(seed, place))(count);

/** Numbers from 0 to below 1 for a place, one a call. */
export const uniformsAt = (seed: number, place: string): (() => number) => createUniforms(mixed(seed, place));

/** The numbers from 0 to below `count` in an order of the place's own. */
export function shuffledAt(seed: number, place: string, count: number): number[] {
  const next = uniformsAt(seed, place);
  const order = Array.from({ length: count }, (_, n) => n);
  for (let n = count - 1; n > 0; n--) {
    const other = Math.floor(next() * (n + 1));
    [order[n], order[other]] = [order[other] as number, order[n] as number];
  }
  return order;
}
