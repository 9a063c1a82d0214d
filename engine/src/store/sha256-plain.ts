import type { BlockHash } from "./digest.ts";

const BLOCK = 64;

/** Fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
const rounds = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

/** SHA-256's blocks in plain TypeScript (FIPS 180-4, 6.2.2), where WebAssembly is not to be had. */
export function plainBlocks(firstState: Readonly<Int32Array>): BlockHash {
  const state = Int32Array.from(firstState);
  const words = new Int32Array(BLOCK);
  return {
    state,
    take(bytes) {
      for (let at = 0; at < bytes.length; at += BLOCK) {
        for (let n = 0, byte = at; n < 16; n++, byte += 4) {
          words[n] =
            ((bytes[byte] as number) << 24) |
            ((bytes[byte + 1] as number) << 16) |
            ((bytes[byte + 2] as number) << 8) |
            (bytes[byte + 3] as number);
        }
        for (let n = 16; n < BLOCK; n++) {
          const x = words[n - 15] as number;
          const y = words[n - 2] as number;
          const small = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
          const large = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
          words[n] = ((words[n - 16] as number) + small + (words[n - 7] as number) + large) | 0;
        }
        let a = state[0] as number;
        let b = state[1] as number;
        let c = state[2] as number;
        let d = state[3] as number;
        let e = state[4] as number;
        let f = state[5] as number;
        let g = state[6] as number;
        let h = state[7] as number;
        for (let n = 0; n < BLOCK; n++) {
          const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
          const choice = g ^ (e & (f ^ g));
          const first = (h + sum1 + choice + (rounds[n] as number) + (words[n] as number)) | 0;
          const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
          const majority = (a & b) | (c & (a | b));
          h = g;
          g = f;
          f = e;
          e = (d + first) | 0;
          d = c;
          c = b;
          b = a;
          a = (first + sum0 + majority) | 0;
        }
        state[0] = ((state[0] as number) + a) | 0;
        state[1] = ((state[1] as number) + b) | 0;
        state[2] = ((state[2] as number) + c) | 0;
        state[3] = ((state[3] as number) + d) | 0;
        state[4] = ((state[4] as number) + e) | 0;
        state[5] = ((state[5] as number) + f) | 0;
        state[6] = ((state[6] as number) + g) | 0;
        state[7] = ((state[7] as number) + h) | 0;
      }
    },
  };
}
