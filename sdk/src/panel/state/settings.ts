import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** How to generate, besides prompt and controls. */
export interface Settings {
  /** How many pictures. */
  readonly count: Signal<number>;
  /** Denoising steps, 1 to 1000; null for the model's own. */
  readonly steps: Signal<number | null>;
  /** Guidance; null for the model's own. */
  readonly guidance: Signal<number | null>;
  /** True to draw with `seed`, false to draw with a new seed each time. */
  readonly fixed: Signal<boolean>;
  /** What was written as a seed. */
  readonly seed: Signal<string>;
  /** What is wrong with it is said where this is true. */
  readonly badSeed: ReadonlySignal<boolean>;
  /** What to keep away from. */
  readonly negative: Signal<string>;
}

/** The numbers of pictures that can be chosen. */
export const counts: readonly number[] = [1, 2, 4];

/** The steps and the guidance that can be written. */
export const limits = { steps: { min: 1, max: 1000, step: 1 }, guidance: { min: 0, max: 30, step: 0.5 } } as const;

/** The largest seed: 2^64 - 1. */
const largest = 2n ** 64n - 1n;

/** A seed from its text; null for what is none. */
export function seedFrom(text: string): bigint | null {
  const digits = text.trim();
  if (!/^\d{1,20}$/.test(digits)) return null;
  const seed = BigInt(digits);
  return seed <= largest ? seed : null;
}

/** The settings that a panel begins with. */
export function createSettings(): Settings {
  const [fixed, seed] = [signal(false), signal("")];
  return {
    count: signal(1),
    steps: signal<number | null>(null),
    guidance: signal<number | null>(null),
    fixed,
    seed,
    badSeed: computed(() => fixed.value && seedFrom(seed.value) === null),
    negative: signal(""),
  };
}

/** The seed of the nth picture, counted from 0: the fixed one and those after it; undefined to let chance choose. */
export function seedOf({ fixed, seed }: Settings, n: number): bigint | undefined {
  const first = fixed.value ? seedFrom(seed.value) : null;
  return first === null ? undefined : (first + BigInt(n)) & largest;
}
