import * as z from "zod/mini";
import {
  batch,
  between,
  clipSkip,
  colour,
  curve,
  encoding,
  feather,
  fraction,
  grays,
  halves,
  initStrength,
  layers,
  promptSyntax,
  range,
  resize,
  rng,
  sampler,
  steps,
  tiles,
} from "./request-schema.ts";

// What each version of the recipe holds. Objects are loose: a key that a newer Underdraw added without raising the
// version changes no picture where nobody knows it, and is kept.

/** The version of the recipe's shape. Raised when a reader of the old shape would draw another picture. */
export const VERSION = 3;

/** A SHA-256, in hex. */
const fingerprint = z.string().check(z.regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in 64 hex digits"));
const name = z.string().check(z.minLength(1));
const text = z.string();
const side = z.int().check(z.minimum(1));

/** A PNG file in base64. */
const picture = z.string().check(z.minLength(1), z.regex(/^[A-Za-z0-9+/]+={0,2}$/, "must be base64"));

const largestSeed = 2n ** 64n - 1n;
const seed = z.union([
  z.int().check(z.minimum(0)),
  z.string().check(
    z.regex(/^[1-9]\d{0,19}$/),
    z.refine((digits) => BigInt(digits) <= largestSeed),
  ),
]);

const model = z.looseObject({ name, fingerprint });
const lora = z.looseObject({ name, fingerprint, weight: between(-10, 10), textWeight: between(-10, 10) });
const embedding = z.looseObject({ word: name, name, fingerprint });
const variation = z.looseObject({ seed, strength: fraction });
const device = z.looseObject({
  provider: z.enum(["cpu", "wasm", "webgpu"]),
  precision: z.enum(["float16", "float32"]),
});

/** More than any request may have: version 1 took weights to 10. */
const weight = z.number().check(z.minimum(0));

const control = z.looseObject({
  condition: name,
  map: picture,
  mapFingerprint: z.exactOptional(fingerprint),
  mapOptions: z.nullable(z.record(z.string(), z.unknown())),
  mapResize: z.nullable(resize),
  background: z.nullable(colour),
  net: model,
  weight,
  range,
  layers: z.nullable(layers),
  curve: z.nullable(curve),
  halves,
  mask: z.nullable(picture),
  maskFingerprint: z.exactOptional(fingerprint),
  resize: z.nullable(resize),
});

const secondInit = z.looseObject({
  picture,
  pictureFingerprint: z.exactOptional(fingerprint),
  strength: initStrength,
  mask: z.nullable(picture),
  maskFingerprint: z.exactOptional(fingerprint),
});

const init = z.looseObject({ ...secondInit.shape, grays, feather, keepOutside: z.boolean(), encoding });

const recipe = z.looseObject({
  version: z.literal(VERSION),
  model,
  vae: z.nullable(model),
  loras: z.array(lora),
  embeddings: z.array(embedding),
  weights: z.enum(["full", "half", "int8", "int4"]),
  prediction: z.nullable(z.enum(["epsilon", "v_prediction", "sample"])),
  prompt: text,
  negativePrompt: text,
  promptSyntax,
  controls: z.array(control),
  init: z.nullable(init),
  width: side,
  height: side,
  seed,
  rng,
  variation: z.nullable(variation),
  batch: z.nullable(batch),
  steps,
  guidance: z.number(),
  guidanceRescale: fraction,
  clipSkip,
  sampler: z.nullable(sampler),
  tiles,
  device,
});

/** The objects of the newest version. */
export const recipeSchemas = { recipe, model, lora, embedding, control, init, variation, device } as const;

/** Version 2, which knew a model alone, one way to read a prompt and one stream of random numbers. */
export const secondRecipe = z.looseObject({
  version: z.literal(2),
  model,
  prompt: text,
  negativePrompt: text,
  controls: z.array(control),
  init: z.nullable(secondInit),
  width: side,
  height: side,
  seed,
  steps,
  guidance: z.number(),
  guidanceRescale: fraction,
  clipSkip,
  sampler: z.nullable(sampler),
  device,
});

/** Version 1, which held no key that it did not know. */
export const firstRecipe = z.strictObject({
  version: z.literal(1),
  model: z.strictObject({ name, fingerprint }),
  prompt: text,
  negativePrompt: text,
  controls: z.array(
    z.strictObject({ condition: name, map: picture, net: z.strictObject({ name, fingerprint }), weight, range }),
  ),
  width: side,
  height: side,
  seed,
  steps,
  guidance: z.number(),
  sampler: z.nullable(sampler),
  device: z.strictObject(device.shape),
});
