import { z } from "zod";
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
}

const side = z.int().min(8).max(4096);
/** The part of a pack's manifest that says what its model likes; other manifests may say nothing of it. */
const manifest = z.looseObject({
  canvas: side.nullish(),
  defaults: z
    .looseObject({ steps: z.int().min(1).max(1000).nullish(), guidance: z.number().min(0).max(100).nullish() })
    .nullish(),
});
const unet = z.looseObject({ sample_size: z.union([side.min(1), z.array(side.min(1)).min(1)]).nullish() });

/**
 * The model's own size, steps and guidance: from the manifest of a pack, else the size from the UNet's config (its
 * latent's side times the autoencoder's factor) and else what its family was trained at.
 */
export async function openDefaults(source: ModelSource, base: BaseModel, options: CallOptions): Promise<ModelDefaults> {
  const trained = base.family === "sd2" && base.scheduler.prediction_type === "v_prediction" ? 768 : 512;
  const usual = { canvas: trained, steps: 20, guidance: 7.5 };
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
  };
}
