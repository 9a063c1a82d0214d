import * as z from "zod/mini";

// What a checkpoint says of itself, in its file's metadata. It is read from whatever lies in a folder, so that nothing of
// it is believed before it was looked at. What a newer program added and this one does not know is a refusal: the numbers
// that follow would be others.

/** The version of what is written; raised when an older reader would go on to other numbers. */
export const checkpointVersion = 1;

const count = z.int().check(z.minimum(0));
const number = z.number();
const share = number.check(z.minimum(0), z.maximum(1));
const digest = z.string().check(z.regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in 64 hex digits"));
const words = z.string().check(z.minLength(1), z.maxLength(4096));
const side = z.int().check(z.minimum(1), z.maximum(16384));

const settings = z.strictObject({
  steps: z.exactOptional(count),
  minutes: z.exactOptional(number),
  accumulate: count,
  learningRate: number,
  warmUp: number,
  decay: number,
  clip: number,
  emptyPrompts: share,
  mirror: z.boolean(),
  shift: number,
  seed: number,
  heldOut: count,
  measureEvery: number,
  checkpointEvery: number,
  mean: z.exactOptional(share),
  sampleSteps: number,
});

const measure = z.strictObject({
  step: count,
  loss: number,
  baseLoss: number,
  fidelity: z.nullable(z.strictObject({ value: number, chance: number, gain: number })),
  converged: z.boolean(),
});

/** A checkpoint's metadata. */
export const checkpointSchema = z.strictObject({
  version: z.literal(checkpointVersion),
  /** Steps that are done. */
  step: count,
  settings,
  mode: z.enum(["whole", "light"]),
  /** Of the low-rank parts; null where none are. */
  rank: z.nullable(z.int().check(z.minimum(1), z.maximum(1024))),
  /** The sides of the pictures. Pixels. */
  width: side,
  height: side,
  /** Pairs a step. */
  batch: z.int().check(z.minimum(1), z.maximum(65536)),
  /** SHA-256 of the pairs, in hex. */
  data: digest,
  /** What the maps show; null where nobody said. */
  condition: z.nullable(z.string().check(z.maxLength(4096))),
  /** What tells the base from others, and the net that was gone on from; null for a fresh copy. */
  base: words,
  from: z.nullable(words),
  curve: z.array(z.tuple([count, number])).check(z.maxLength(100_000)),
  measures: z.array(measure).check(z.maxLength(10_000)),
  /** Seconds of all runs so far. */
  seconds: number.check(z.minimum(0)),
  /** SHA-256 of the locked weights before the first step, in hex. */
  lockedBefore: digest,
  firstDifference: z.nullable(number),
});
