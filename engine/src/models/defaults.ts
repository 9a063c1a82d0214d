import * as z from "zod/mini";
import type { CallOptions } from "../call.ts";
import type { BaseModel } from "./base.ts";
import { checked, openObject } from "./json.ts";
import type { ModelSource } from "./source.ts";

/** What a model is drawn with when a request says nothing. */
export interface ModelDefaults {
  /** Pixels of a side. */
  readonly canvas: number;
  readonly steps: number;
  readonly guidance: number;
  /** How much of a control acts on each half of guidance; both alike where the model says nothing. */
  readonly halves: readonly [conditional: number, unconditional: number];
}

const share = z.number().check(z.minimum(0), z.maximum(1));
const side = z.int().check(z.minimum(8), z.maximum(4096));
/** The part of a pack's manifest that says what its model likes; other manifests may say nothing of it. */
const manifest = z.looseObject({
  canvas: z.nullish(side),
  defaults: z.nullish(
    z.looseObject({
      steps: z.nullish(z.int().check(z.minimum(1), z.maximum(1000))),
      guidance: z.nullish(z.number().check(z.minimum(0), z.maximum(100))),
      halves: z.nullish(z.tuple([share, share])),
    }),
  ),
});
const unet = z.looseObject({ sample_size: z.nullish(z.union([side, z.array(side).check(z.minLength(1))])) });

/**
 * The model's own size, steps, guidance and halves: from the manifest of a pack, else the size from the UNet's config (its
 * latent's side times the autoencoder's factor) and else what its family was trained at.
 */
export async function openDefaults(source: ModelSource, base: BaseModel, options: CallOptions): Promise<ModelDefaults> {
  const trained = base.family === "sd2" && base.scheduler.prediction_type === "v_prediction" ? 768 : 512;
  const usual: ModelDefaults = { canvas: trained, steps: 20, guidance: 7.5, halves: [1, 1] };
  if (source.kind === "file") return usual;
  const config = await openObject(source, "unet/config.json", options.signal);
  const latent = config ? checked(config.name, config.value, unet).sample_size : null;
  const longest = Array.isArray(latent) ? Math.max(...latent) : latent;
  const canvas = longest ? longest * 2 ** (base.vae.config.channels.length - 1) : usual.canvas;
  const found = await openObject(source, "manifest.json", options.signal);
  const said = found ? checked(found.name, found.value, manifest) : null;
  return {
    canvas: said?.canvas ?? canvas,
    steps: said?.defaults?.steps ?? usual.steps,
    guidance: said?.defaults?.guidance ?? usual.guidance,
    halves: said?.defaults?.halves ?? usual.halves,
  };
}
