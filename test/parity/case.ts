import { z } from "zod";

// The format of a parity case: a small model, a request and the numbers that diffusers gets (README beside the makers).

const scheduler = z.looseObject({ _class_name: z.string() });
const generation = z.object({
  kind: z.literal("generation"),
  name: z.string(),
  base: z.object({
    path: z.string(),
    layout: z.enum(["diffusers", "ldm"]),
    family: z.string(),
    facts: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  }),
  controlnets: z.record(z.string(), z.object({ path: z.string(), layout: z.string() })),
  loras: z.array(z.object({ file: z.string(), layout: z.string(), scale: z.number() })),
  request: z.object({
    prompt: z.string(),
    negativePrompt: z.string(),
    width: z.int(),
    height: z.int(),
    steps: z.int(),
    guidance: z.number(),
    guidanceRescale: z.number(),
    clipSkip: z.int(),
    batch: z.int(),
    guessMode: z.boolean(),
    controls: z.array(
      z.object({ net: z.string(), map: z.string(), weight: z.number(), range: z.tuple([z.number(), z.number()]) }),
    ),
    init: z.nullable(z.object({ image: z.string(), strength: z.number(), mask: z.nullish(z.string()) })),
    scheduler,
  }),
  controlSteps: z.record(z.string(), z.int()),
  tolerance: z.record(z.string(), z.array(z.number())).optional(),
});
const schedulers = z.object({
  kind: z.literal("schedulers"),
  name: z.string(),
  steps: z.array(z.int()),
  leftOut: z.array(z.string()),
  configs: z.record(z.string(), scheduler),
});
const tokenizer = z.object({
  kind: z.literal("tokenizer"),
  name: z.string(),
  tokenizer: z.string(),
  texts: z.array(z.string()),
});

/** What a case.json holds. */
export const parityCase = z.discriminatedUnion("kind", [generation, schedulers, tokenizer]);
/** A request of one picture. */
export type GenerationCase = z.output<typeof generation>;
/** Grids and trajectories of samplers. */
export type SchedulersCase = z.output<typeof schedulers>;
/** Texts and their ids. */
export type TokenizerCase = z.output<typeof tokenizer>;

/** Reads a case.json. Python's JSON spells infinity, which JSON itself cannot; a number too large for it means the same. */
export const parseCase = (text: string): unknown =>
  JSON.parse(text.replace(/(?<=[:[,]\s*)-?Infinity\b/g, (word) => word.replace("Infinity", "1e999")));
