/** How strongly a control steers, and in which part of the denoising, from 0 to 1. */
export interface Strength {
  readonly weight: number;
  readonly range: readonly [start: number, end: number];
}

/**
 * The five stops of a control's strength. The first, third and fifth are Krita AI Diffusion's low, middle and high for
 * line controls (its presets/control.json): less weight and an earlier end leave more to the prompt.
 */
const stops: readonly Strength[] = [
  { weight: 0.7, range: [0, 0.5] },
  { weight: 0.85, range: [0, 0.65] },
  { weight: 1, range: [0, 0.8] },
  { weight: 1, range: [0, 0.9] },
  { weight: 1, range: [0, 1] },
];

/** How many stops there are. */
export const stopCount: number = stops.length;

/** The stop that a control begins with, from 1. */
export const usualStop = 4;

/** What a stop stands for, from 1 to 5. Throws a RangeError for another. */
export function strengthAt(stop: number): Strength {
  const found = stops[stop - 1];
  if (!found) throw new RangeError(`stop: ${stop} is not a whole number from 1 to ${stopCount}.`);
  return found;
}

/** The stop that comes nearest to exact values, and whether it is just that; 0 for a weight of nothing. */
export function stopNear({ weight, range: [start, end] }: Strength): {
  readonly stop: number;
  readonly exact: boolean;
} {
  if (weight === 0 || end <= start) return { stop: 0, exact: true };
  const distances = stops.map((stop) => {
    const [from, to] = stop.range;
    return Math.abs(stop.weight - weight) + Math.abs(from - start) + Math.abs(to - end);
  });
  const least = Math.min(...distances);
  return { stop: distances.lastIndexOf(least) + 1, exact: least < 1e-6 };
}
