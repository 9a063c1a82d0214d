import type { Numbers } from "./columns.ts";

/**
 * What changes when a weighted sum slides on by one: `weight * (value[at + ahead] - value[at + behind])` for each. In
 * groups of four; in the first `plain` groups every weight is 1.
 */
export interface Slides {
  readonly ahead: Int32Array;
  readonly behind: Int32Array;
  readonly weight: Float64Array;
  readonly plain: number;
}

/** The slides of a symmetrical kernel of whole weights, given from its middle outwards. */
export function slidesOf(kernel: Int32Array): Slides {
  const slides = Array.from(kernel, (weight, k) => ({
    ahead: k,
    behind: -1 - k,
    weight: weight - (kernel[k + 1] ?? 0),
  }))
    .filter(({ weight }) => weight !== 0)
    .map(({ ahead, behind, weight }) =>
      weight > 0 ? { ahead, behind, weight } : { ahead: behind, behind: ahead, weight: -weight },
    );
  const ones = slides.filter(({ weight }) => weight === 1);
  const others = slides.filter(({ weight }) => weight !== 1);
  // Ones that fill no group go with the others; the last group is filled up with what adds nothing.
  others.push(...ones.splice(ones.length - (ones.length % 4)));
  while (others.length % 4 !== 0) others.push({ ahead: 0, behind: 0, weight: 1 });
  const all = [...ones, ...others];
  return {
    ahead: Int32Array.from(all, ({ ahead }) => ahead),
    behind: Int32Array.from(all, ({ behind }) => behind),
    weight: Float64Array.from(all, ({ weight }) => weight),
    plain: ones.length / 4,
  };
}

/** Adds four weighted differences of stretches of `from` to a stretch of `to`: the slides from the `k`th on. */
function slide(
  to: Numbers,
  start: number,
  count: number,
  from: Numbers,
  here: number,
  pitch: number,
  slides: Slides,
  k: number,
): void {
  const { ahead, behind, weight } = slides;
  const w1 = weight[k] as number;
  const w2 = weight[k + 1] as number;
  const w3 = weight[k + 2] as number;
  const w4 = weight[k + 3] as number;
  const a1 = here + pitch * (ahead[k] as number);
  const a2 = here + pitch * (ahead[k + 1] as number);
  const a3 = here + pitch * (ahead[k + 2] as number);
  const a4 = here + pitch * (ahead[k + 3] as number);
  const b1 = here + pitch * (behind[k] as number);
  const b2 = here + pitch * (behind[k + 1] as number);
  const b3 = here + pitch * (behind[k + 2] as number);
  const b4 = here + pitch * (behind[k + 3] as number);
  if (k < 4 * slides.plain) {
    for (let i = 0; i < count; i++) {
      to[start + i] =
        (to[start + i] as number) +
        ((from[a1 + i] as number) - (from[b1 + i] as number)) +
        ((from[a2 + i] as number) - (from[b2 + i] as number)) +
        ((from[a3 + i] as number) - (from[b3 + i] as number)) +
        ((from[a4 + i] as number) - (from[b4 + i] as number));
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    to[start + i] =
      (to[start + i] as number) +
      w1 * ((from[a1 + i] as number) - (from[b1 + i] as number)) +
      w2 * ((from[a2 + i] as number) - (from[b2 + i] as number)) +
      w3 * ((from[a3 + i] as number) - (from[b3 + i] as number)) +
      w4 * ((from[a4 + i] as number) - (from[b4 + i] as number));
  }
}

/** Adds all of the slides to a stretch of `to`; neighbours of `here` lie `pitch` apart. */
export function slideAll(
  to: Numbers,
  start: number,
  count: number,
  from: Numbers,
  here: number,
  pitch: number,
  slides: Slides,
): void {
  for (let k = 0; k < slides.weight.length; k += 4) slide(to, start, count, from, here, pitch, slides, k);
}
