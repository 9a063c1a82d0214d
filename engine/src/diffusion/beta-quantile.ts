// The quantile of a symmetric beta distribution, for noise levels that are spaced by it. Below the middle the incomplete
// beta integral is a fast series (the hypergeometric one, DLMF 8.17.7); above it the distribution is mirrored. The
// integral up to the middle is half of all, so that no gamma function is needed.

// The incomplete beta integral of x up to one half, for the shape twice.
function integral(x: number, shape: number): number {
  let [term, sum] = [1, 1 / shape];
  for (let k = 1; k < 200; k++) {
    term *= ((k - shape) / k) * x;
    const next = term / (shape + k);
    sum += next;
    if (Math.abs(next) < 1e-17 * sum) break;
  }
  return x ** shape * sum;
}

/** Where a beta distribution that has `shape` as both parameters reaches the share `p` from 0 to 1; a number from 0 to 1. */
export function betaQuantile(p: number, shape: number): number {
  if (p > 0.5) return 1 - betaQuantile(1 - p, shape);
  if (p <= 0) return 0;
  const goal = 2 * p * integral(0.5, shape);
  let [low, high] = [0, 0.5];
  // Halving ends at the float64 beside the answer.
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (integral(middle, shape) < goal) low = middle;
    else high = middle;
  }
  return high;
}
