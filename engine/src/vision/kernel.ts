// The weights of a Gaussian, with the same bits in every JavaScript engine: Math.exp differs in its last bits.

/** e to the power of `-value`, for a value of 0 or more. */
function decay(value: number): number {
  let halvings = 0;
  let part = value;
  while (part > 0.125) {
    part /= 2;
    halvings++;
  }
  let sum = 1;
  let term = 1;
  for (let k = 1; k <= 10; k++) {
    term *= -part / k;
    sum += term;
  }
  for (let k = 0; k < halvings; k++) sum *= sum;
  return sum;
}

/** The weights of a Gaussian from its middle outwards, so that the whole kernel sums up to 1. `length` is odd. */
function halfBell(sigma: number, length: number): Float64Array {
  const reach = length >> 1;
  const half = Float64Array.from({ length: reach + 1 }, (_, k) => decay((k * k) / (2 * sigma * sigma)));
  let sum = half[0] as number;
  for (let k = 1; k <= reach; k++) sum += 2 * (half[k] as number);
  return half.map((weight) => weight / sum);
}

/** Throws a `RangeError` for a sigma that is no positive number. */
function checkSigma(sigma: number): void {
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new RangeError(`sigma: a Gaussian's width is a number above 0, not ${sigma}.`);
  }
}

/**
 * The weights that OpenCV blurs floats with, from the middle outwards: they reach four sigmas far. Throws a `RangeError`
 * for a sigma that is no positive number.
 */
export function floatKernel(sigma: number): Float64Array {
  checkSigma(sigma);
  return halfBell(sigma, Math.round(8 * sigma + 1) | 1);
}

/**
 * The weights that OpenCV blurs 8 bits with, from the middle outwards, in whole 1/256: they reach three sigmas far, and
 * what rounding leaves goes to the next one inwards. Throws a `RangeError` for a sigma that is no positive number.
 */
export function byteKernel(sigma: number): Int32Array {
  checkSigma(sigma);
  const half = halfBell(sigma, Math.round(6 * sigma + 1) | 1);
  const whole = new Int32Array(half.length);
  let carry = 0;
  let outside = 0;
  for (let k = half.length - 1; k > 0; k--) {
    const wanted = 256 * (half[k] as number) + carry;
    const rounded = Math.round(wanted);
    carry = wanted - rounded;
    whole[k] = rounded;
    outside += 2 * rounded;
  }
  whole[0] = 256 - outside;
  return whole;
}

/** The place within 0 to `length - 1` that stands for one outside: mirrored at the edges, whose pixels are not repeated. */
export function mirrored(place: number, length: number): number {
  if (length === 1) return 0;
  const round = 2 * (length - 1);
  const within = ((place % round) + round) % round;
  return within < length ? within : round - within;
}

/** The places within a row of `width` that stand for the `reach` before its first, outwards, and for those behind its last. */
export function mirroredEnds(width: number, reach: number): Int32Array {
  return Int32Array.from({ length: 2 * reach }, (_, k) => mirrored(k < reach ? -1 - k : width + k - reach, width));
}
