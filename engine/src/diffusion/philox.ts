// Standard normals equal to those of torch with a generator on an NVIDIA card, which A1111 starts from: Philox 4x32-10
// (Salmon and others 2011) and cuRAND's two ways from its bits to a normal (curand_philox4x32_x.h, curand_normal.h). Each
// number of a tensor has a thread of its own there, with the thread's index as the subsequence and the count of tensors
// drawn before as the offset; so it is for all tensors with no more numbers than the card runs threads at once (its
// multiprocessors times 1024 to 2048): 16,384 are a picture of 512 x 512 pixels. Constants as in those files.

const [multiplier0, multiplier1] = [0xd2511f53, 0xcd9e8d57];
const [weyl0, weyl1] = [0x9e3779b9, 0xbb67ae85];
const round = Math.fround;
const share = round(2 ** -32);
const turn = round(share * round(2 * Math.PI));

// The high half of a product of two 32-bit numbers, in halves of 16 bits. All of it fits 32-bit integers: no sum overflows.
function high(value: number, upper: number, lower: number): number {
  const top = value >>> 16;
  const rest = value & 0xffff;
  const middle = (Math.imul(top, lower) + (Math.imul(rest, lower) >>> 16)) | 0;
  const carried = (Math.imul(rest, upper) + (middle & 0xffff)) | 0;
  return (Math.imul(top, upper) + (middle >>> 16) + (carried >>> 16)) | 0;
}

/**
 * A generator of standard normals as `torch.Generator("cuda").manual_seed(seed)` is one, and A1111's with "GPU" or "NV"
 * as the source: each call draws a tensor of `count` numbers. All 64 bits of the seed count. Equal within 1e-5: cuRAND
 * rounds logarithms and sines a last bit differently.
 */
export function createCudaNormals(seed: bigint | number): (count: number) => Float32Array {
  const key = BigInt.asUintN(64, BigInt(seed));
  const [low, top] = [Number(key & 0xffffffffn) | 0, Number(key >> 32n) | 0];
  const [upper0, lower0] = [multiplier0 >>> 16, multiplier0 & 0xffff];
  const [upper1, lower1] = [multiplier1 >>> 16, multiplier1 & 0xffff];
  let drawn = 0;
  return (count) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      let c0 = drawn;
      let c1 = 0;
      let c2 = i;
      let c3 = 0;
      let k0 = low;
      let k1 = top;
      for (let turns = 0; turns < 10; turns++) {
        const h0 = high(c0, upper0, lower0);
        const h1 = high(c2, upper1, lower1);
        const l0 = Math.imul(c0, multiplier0);
        const l1 = Math.imul(c2, multiplier1);
        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 = (k0 + weyl0) | 0;
        k1 = (k1 + weyl1) | 0;
      }
      // Box and Muller's sine; the other three numbers that the bits would give are not taken.
      const uniform = round(round(c0 >>> 0) * share + share / 2);
      const angle = round(round(c1 >>> 0) * turn + turn / 2);
      values[i] = round(Math.sqrt(round(-2 * round(Math.log(uniform))))) * round(Math.sin(angle));
    }
    drawn++;
    return values;
  };
}
