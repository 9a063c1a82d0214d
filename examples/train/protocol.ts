import type {
  Pixels,
  TrainingMeasure,
  TrainingMoment,
  TrainingReport,
  TrainingSample,
  WireError,
} from "@underdraw/engine";
import * as z from "zod/mini";

// What the page and its worker say to each other. The page asks, each time with a number; the worker tells what happens
// meanwhile under that number, and answers once. Both sides check what they hear.

const id = z.int().check(z.minimum(0));
const text = z.string();
const number = z.number();

const pixels: z.ZodMiniType<Pixels> = z.object({
  width: z.int(),
  height: z.int(),
  data: z.custom<Pixels["data"]>((value) => value instanceof Uint8ClampedArray),
});

/** How files are understood: pairs, whose maps are of a condition if anybody knows, or pictures whose maps it draws. */
const reading = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pairs"), condition: z.nullable(text), invert: z.boolean() }),
  z.object({ kind: z.literal("pictures"), condition: text }),
]);
/** How files are understood. */
export type Reading = z.output<typeof reading>;

const request = z.object({
  mode: z.enum(["whole", "light"]),
  batch: z.int().check(z.minimum(1), z.maximum(64)),
  side: z.int().check(z.minimum(64), z.maximum(1024)),
});
/** What decides how large a training is, and belongs to it until its end. */
export type TrainingChoice = z.output<typeof request>;

const settings = z.object({
  minutes: z.exactOptional(number.check(z.positive())),
  steps: z.exactOptional(z.int().check(z.minimum(1))),
  every: z.int().check(z.minimum(1)),
});
/** When a run ends, and how often it is looked at and kept. It may be another each time. */
export type RunChoice = z.output<typeof settings>;

const description = z.object({
  version: z.literal(1),
  name: text,
  count: z.int(),
  reading,
  request,
  settings,
});
/** A training that this browser keeps: enough to offer to go on with it. Its files lie beside it. */
export type KeptTraining = z.output<typeof description>;

/** Reads a description that was written by this page, of today or of another day; null for what is none. */
export function readDescription(value: unknown): KeptTraining | null {
  const { success, data } = description.safeParse(value);
  return success ? data : null;
}

const files = z.array(z.tuple([text, z.instanceof(Blob)]));

const asks = {
  /** What is kept, and which device there is. */
  begin: z.object({}),
  /** What is kept now. */
  kept: z.object({}),
  /** Opens files, or those of the kept training (null), and looks at each pair. */
  open: z.object({ name: text, files: z.nullable(files), reading: z.nullable(reading), side: z.int() }),
  /** What a training would take. */
  plan: z.object({ request }),
  /** Trains, until it ends or is stopped. `keep` writes checkpoints. */
  train: z.object({ settings, keep: z.boolean() }),
  /** Stops what another number asked for. */
  stop: z.object({ of: id }),
  /** Takes the kept training away. */
  forget: z.object({}),
  /** Draws with the net as it is now. */
  draw: z.object({ map: pixels, prompt: text, seed: z.int(), steps: z.int() }),
  /** The net's files. */
  write: z.object({ name: text, licence: text, about: text }),
};
/** The name of something to ask. */
export type AskName = keyof typeof asks;
/** What is asked with it. */
export type Asked<Name extends AskName> = z.output<(typeof asks)[Name]>;

const measure = {
  step: z.int(),
  loss: number,
  baseLoss: number,
  fidelity: z.nullable(z.object({ value: number, chance: number, gain: number })),
  converged: z.boolean(),
};
/** The report is shown and never computed with, so that what is not shown is not looked at. */
const report = z.looseObject({
  steps: z.int(),
  trained: number,
  locked: number,
  lockedBefore: text,
  lockedAfter: text,
  firstDifference: z.nullable(number),
  pairs: z.int(),
  heldOut: z.int(),
  seconds: number,
  curve: z.array(z.tuple([z.int(), number])),
  measures: z.array(z.object(measure)),
}) as unknown as z.ZodMiniType<TrainingReport>;

const sample = z.object({
  ...{ name: text, map: pixels, picture: pixels, drawn: pixels },
  fidelity: z.nullable(z.looseObject({ value: number, chance: number })),
}) as unknown as z.ZodMiniType<TrainingSample>;

const fraction = number.check(z.minimum(0), z.maximum(1));
const moment = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("prepare"), fraction, what: text, done: z.int(), of: z.int() }),
  z.object({ kind: z.literal("note"), fraction, text }),
  z.object({
    ...{ kind: z.literal("step"), fraction, step: z.int(), loss: number, meanLoss: number },
    ...{ learningRate: number, gradientNorm: number, seconds: number },
  }),
  z.object({ kind: z.literal("measure"), fraction, ...measure, samples: z.array(sample) }),
  z.object({ kind: z.literal("checkpoint"), fraction, step: z.int(), path: text }),
  z.object({ kind: z.literal("end"), fraction: z.literal(1), report }),
]) as z.ZodMiniType<TrainingMoment>;

const pair = z.object({ at: id, name: text, prompt: text, map: pixels, picture: pixels });
/** A pair as the page shows it: its halves are small. */
export type ShownPair = z.output<typeof pair>;

const progress = z.object({ what: z.enum(["model", "pairs", "draw"]), done: number, of: number });
/** How far something is that is no training. */
export type AskProgress = z.output<typeof progress>;

const events = z.discriminatedUnion("tell", [
  z.object({ tell: z.literal("progress"), progress }),
  z.object({ tell: z.literal("pair"), pair }),
  z.object({ tell: z.literal("moment"), moment }),
]);
/** What is told before an answer. */
export type Told = z.output<typeof events>;

const fault = z.object({ pair: text, problem: text });
const device = z.object({ provider: text, precision: text, about: text, fallback: z.nullable(text) });

const kept = z.nullable(z.extend(description, { step: z.int() }));

const answers = {
  begin: z.object({
    device,
    kept,
    conditions: z.array(z.object({ id: text, title: text })),
  }),
  kept,
  open: z.object({
    ...{ name: text, count: z.int(), read: z.int(), sound: z.int(), reading },
    ...{ faulty: z.array(fault), warnings: z.array(text) },
  }),
  plan: z.object({
    ...{ trained: z.int(), locked: z.int() },
    ...{ bytes: number, weights: number, activations: number, samples: z.nullable(number) },
    ...{ segments: z.int(), available: z.nullable(number) },
    /** Bytes that files of the page may still take, and what keeping this training takes; null where nobody tells. */
    ...{ room: z.nullable(number), keeping: z.nullable(number), base: text },
  }),
  train: z.object({ step: z.int() }),
  stop: z.undefined(),
  forget: z.undefined(),
  draw: z.object({ pixels, seconds: number, step: z.int() }),
  write: z.object({ files, card: text, report }),
};
/** What comes back for it. */
export type Answer<Name extends AskName> = z.output<(typeof answers)[Name]>;
/** What is known of pairs that were looked at. */
export type Looked = Answer<"open">;

const error: z.ZodMiniType<WireError> = z.object({
  name: text,
  message: text,
  code: z.exactOptional(text),
  details: z.optional(z.unknown()),
});

const asked = z.object({ id, ask: z.enum(Object.keys(asks) as [AskName, ...AskName[]]), what: z.unknown() });
const heard = z.union([
  z.object({
    of: id,
    event: z.optional(events),
    answer: z.optional(z.object({ value: z.unknown() })),
    error: z.optional(error),
  }),
  /** What went wrong beside all that is asked. */
  z.object({ reported: text }),
]);

/** Reads what the page asks. Throws for what it never says. */
export function readAsked(
  message: unknown,
): { [Name in AskName]: { id: number; ask: Name; what: Asked<Name> } }[AskName] {
  const { id, ask, what } = asked.parse(message);
  return { id, ask, what: asks[ask].parse(what) } as ReturnType<typeof readAsked>;
}

/** Reads what the worker tells. Throws for what it never says. */
export const readHeard = (message: unknown): z.output<typeof heard> => heard.parse(message);

/** Reads an answer. Throws for one that does not fit what was asked. */
export const readAnswer = <Name extends AskName>(ask: Name, value: unknown): Answer<Name> =>
  answers[ask].parse(value) as Answer<Name>;

/** A measure without its pictures. */
export type Measured = Omit<TrainingMeasure, "samples">;
