import { z } from "zod";

// What the page and its worker say to each other. Both sides check what they hear; the list of calls is closed. Pixels
// are handed over, not copied. A call is answered by any number of `progress` and `preview` and then by one `result` or
// `error` with its id; `{ abort: id }` stops it.

const pixels = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  data: z.custom<Uint8ClampedArray<ArrayBuffer>>((value) => value instanceof Uint8ClampedArray),
});

/** What a call takes, by its name. */
const calls = {
  /** Opens the device and loads the model. */
  open: z.object({ device: z.enum(["auto", "cpu", "webgpu"]), assets: z.url() }),
  /** Draws the edges of a picture. */
  edges: z.object({ pixels }),
  /** Draws a picture of a map. A later one takes the place of one that is drawn. */
  draw: z.object({
    map: pixels,
    prompt: z.string(),
    seed: z.bigint(),
    steps: z.int().min(1).max(1000),
    weight: z.number().min(0).max(2),
    /** A preview is made after each so many steps; 0 for none. */
    previewEvery: z.int().min(0),
  }),
};

const deviceFacts = z.object({
  provider: z.enum(["cpu", "wasm", "webgpu"]),
  precision: z.enum(["float32", "float16"]),
  about: z.string(),
  fallback: z.string().nullable(),
});

/** What a call gives, by its name. */
const results = {
  open: z.object({
    device: deviceFacts,
    defaults: z.object({ width: z.int(), height: z.int(), steps: z.int(), guidance: z.number() }),
  }),
  edges: z.object({ pixels }),
  draw: z.object({
    pixels,
    /** The same as a PNG file that holds its recipe. */
    png: z.custom<Uint8Array<ArrayBuffer>>((value) => value instanceof Uint8Array),
    seed: z.bigint(),
    steps: z.int(),
    scheduler: z.string(),
    durationMs: z.number(),
    warnings: z.array(z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() })),
  }),
};

const id = z.int().nonnegative();

/** What the worker hears. */
export const toWorker = z.union([
  z.object({ abort: id }),
  z.discriminatedUnion("call", [
    calls.open.extend({ id, call: z.literal("open") }),
    calls.edges.extend({ id, call: z.literal("edges") }),
    calls.draw.extend({ id, call: z.literal("draw") }),
  ]),
]);

/** Where a call stands: the engine's `Progress` without its functions. */
export const progressFacts = z.object({
  phase: z.enum(["download", "compile", "extract", "encode", "denoise", "decode"]),
  fraction: z.number(),
  step: z.int().optional(),
  steps: z.int().optional(),
});

/** What the page hears. */
export const fromWorker = z.union([
  z.object({ id, progress: progressFacts }),
  z.object({ id, preview: pixels }),
  z.object({ id, result: z.unknown() }),
  z.object({
    id,
    error: z.object({ name: z.string(), message: z.string(), code: z.string().optional(), details: z.unknown() }),
  }),
]);

/** The name of a call. */
export type CallName = keyof typeof calls;

/** What a call takes. */
export type CallInput<Name extends CallName> = z.input<(typeof calls)[Name]>;

/** What a call gives. */
export type CallResult<Name extends CallName> = z.output<(typeof results)[Name]>;

/** A call on its way to the worker. */
export type Call = Extract<z.output<typeof toWorker>, { call: CallName }>;

/** A message on its way to the page. */
export type Reply = z.output<typeof fromWorker>;

/** Where a call stands. */
export type ProgressFacts = z.output<typeof progressFacts>;

/** The pixels of a picture or map. */
export type PixelFacts = z.output<typeof pixels>;

/** Checks the result of a call. */
export function parseResult<Name extends CallName>(name: Name, result: unknown): CallResult<Name> {
  return results[name].parse(result) as CallResult<Name>;
}
