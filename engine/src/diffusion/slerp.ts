import type { LatentShape } from "./latent.ts";

// Noise between two noises. A straight mean of two has too small a deviation; so they are turned into each other. A1111
// takes the angle of each column of each channel by itself (modules/rng.py: norms along the height), and so does this.

/** Where the mean cosine is above this, the two are as good as equal. */
const PARALLEL = 0.9995;

/**
 * Turns noise towards another by a share from 0 to 1, as A1111's variation seeds do. Both are [channels, height, width].
 * Columns that are parallel, as those of one row always are, are mixed straight.
 */
export function slerp(
  noise: Float32Array,
  other: Float32Array,
  share: number,
  { channels, height, width }: LatentShape,
): Float32Array {
  const columns = channels * width;
  const places = Array.from({ length: columns }, (_, n) => Math.floor(n / width) * height * width + (n % width));
  const cosines = places.map((from) => {
    let [dot, one, two] = [0, 0, 0];
    for (let y = 0; y < height; y++) {
      const [a, b] = [noise[from + y * width] as number, other[from + y * width] as number];
      dot += a * b;
      one += a * a;
      two += b * b;
    }
    return one === 0 || two === 0 ? 1 : Math.min(Math.max(dot / Math.sqrt(one * two), -1), 1);
  });
  const parallel = cosines.reduce((sum, cosine) => sum + cosine, 0) / columns > PARALLEL;
  const result = new Float32Array(noise.length);
  for (const [n, from] of places.entries()) {
    const angle = Math.acos(cosines[n] as number);
    const sine = Math.sin(angle);
    const straight = parallel || sine < 1e-6;
    const stay = straight ? 1 - share : Math.sin((1 - share) * angle) / sine;
    const turn = straight ? share : Math.sin(share * angle) / sine;
    for (let y = 0; y < height; y++) {
      const i = from + y * width;
      result[i] = stay * (noise[i] as number) + turn * (other[i] as number);
    }
  }
  return result;
}
