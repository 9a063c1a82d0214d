import type { FileTensor } from "./tensor-file.ts";

// Whether numbers agree: the rule of the parity README. Tolerances are in relative root mean square, float32.

const TABLE: readonly (readonly [pattern: RegExp, limit: number])[] = [
  [/timesteps$|sigmas$/, 1e-5],
  [/^[\w-]+\.[\w-]+\.[\w.-]*\.(latents|noised)$/, 1e-4],
  [/^latents\.start$/, 3e-5],
  [/^latents\.|^image$/, 2e-4],
  [/^unet\.guided$/, 1e-4],
  [/^moments\./, 3e-4],
];

/** The largest relative error that a tensor may have. */
export function limitOf(name: string, own: Readonly<Record<string, readonly number[]>> = {}): number {
  const rule = Object.entries(own).find(([pattern]) => new RegExp(pattern).test(name));
  return rule?.[1][0] ?? TABLE.find(([pattern]) => pattern.test(name))?.[1] ?? 3e-5;
}

/** What is wrong with a tensor, in a sentence; null when it agrees. */
export function disagreement(
  name: string,
  expected: FileTensor,
  actual: FileTensor | undefined,
  limit: number,
): string | null {
  if (!actual) return `${name} was not written`;
  if (actual.dims.join() !== expected.dims.join()) return `${name} is [${actual.dims}] and not [${expected.dims}]`;
  if (expected.values instanceof BigInt64Array) {
    const at = expected.values.findIndex((value, n) => value !== actual.values[n]);
    return at < 0 ? null : `${name} differs at ${at}: ${actual.values[at]} and not ${expected.values[at]}`;
  }
  let [sum, square, most] = [0, 0, 0];
  for (const [n, value] of expected.values.entries()) {
    const got = actual.values[n];
    if (typeof got !== "number" || !Number.isFinite(got)) return `${name} is not finite at ${n}`;
    square += (got - value) ** 2;
    sum += value ** 2;
    most = Math.max(most, Math.abs(got - value));
  }
  const size = Math.sqrt(sum / expected.values.length);
  if (size === 0) return most <= 1e-6 ? null : `${name} is not zero but ${most}`;
  const error = Math.sqrt(square / expected.values.length) / size;
  if (error > limit) return `${name} is off by ${error.toExponential(2)}, more than ${limit}`;
  return most > 12 * limit * size ? `${name} is off by ${most.toExponential(2)} in one place` : null;
}
