import type { TrainingReport, TrainingSettings } from "./training.ts";

/** Settings with everything that was left out. */
export type FullSettings = TrainingReport["settings"];

/** The fewest pairs that are learnt from. */
export const fewestPairs = 4;

/** Learning rates for a base as wide as Stable Diffusion, the paper's, and for smaller ones, the recipe's of the pack. */
const rates = { wide: 1e-5, small: 4e-4 } as const;

const whole = (name: string, value: number, least: number, most: number): number => {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`settings.${name} is ${value}; it must be a whole number from ${least} to ${most}.`);
};

const number = (name: string, value: number, least: number, most: number): number => {
  if (value >= least && value <= most) return value;
  throw new RangeError(`settings.${name} is ${value}; it must be from ${least} to ${most}.`);
};

/** What settings are filled in by. */
export interface SettingsFor {
  /** Of the base's widest level. */
  readonly channels: number;
  /** How many there are, those that are held out among them. */
  readonly pairs: number;
  /** The sides of the pictures. Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Fills in what was left out. Throws a RangeError that names what is wrong. */
export function fullSettings(
  settings: TrainingSettings,
  { channels, pairs, width, height }: SettingsFor,
): FullSettings {
  const { steps, minutes, mean } = settings;
  const aside = pairs < 8 ? 0 : Math.min(16, Math.max(2, Math.round(pairs / 10)));
  const heldOut = whole("heldOut", settings.heldOut ?? aside, 0, 10_000);
  if (heldOut > 0 && pairs - heldOut < fewestPairs)
    throw new RangeError(
      `settings.heldOut is ${heldOut}, and there are ${pairs} pairs. Leave ${fewestPairs} at the least to learn from.`,
    );
  const shift = whole("shift", settings.shift ?? 0, 0, 4096);
  if (shift >= Math.min(width, height))
    throw new RangeError(
      `settings.shift is ${shift}, and the pictures are ${width}x${height}: it must be less than their shorter side.`,
    );
  return {
    ...(steps === undefined ? {} : { steps: whole("steps", steps, 1, 10_000_000) }),
    ...(minutes === undefined ? {} : { minutes: number("minutes", minutes, 0.001, 1_000_000) }),
    accumulate: whole("accumulate", settings.accumulate ?? 1, 1, 1024),
    learningRate: number("learningRate", settings.learningRate ?? (channels >= 320 ? rates.wide : rates.small), 0, 10),
    warmUp: whole("warmUp", settings.warmUp ?? 50, 0, 1_000_000),
    decay: number("decay", settings.decay ?? 0.01, 0, 1),
    clip: number("clip", settings.clip ?? 1, 1e-6, 1e6),
    emptyPrompts: number("emptyPrompts", settings.emptyPrompts ?? 0.5, 0, 1),
    mirror: settings.mirror ?? true,
    shift,
    seed: whole("seed", settings.seed ?? 0, 0, 2 ** 32 - 1),
    heldOut,
    measureEvery: whole("measureEvery", settings.measureEvery ?? 100, 1, 10_000_000),
    checkpointEvery: whole("checkpointEvery", settings.checkpointEvery ?? 100, 1, 10_000_000),
    ...(mean === undefined ? {} : { mean: number("mean", mean, 0.5, 0.999999) }),
    sampleSteps: whole("sampleSteps", settings.sampleSteps ?? 12, 1, 1000),
  };
}
