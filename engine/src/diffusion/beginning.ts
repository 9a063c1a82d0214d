import { contentKey } from "../core/content-key.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { DenoiseRequest } from "./denoise.ts";
import type { Kept } from "./kept.ts";
import { encodePicture, type LatentShape, latentSample, vaeFactor } from "./latent.ts";
import type { LoadedBase } from "./loaded-base.ts";
import { noised, type Schedule, type ScheduleConfig } from "./schedule.ts";
import { createSchedule } from "./scheduler.ts";

// What a generation begins with: noise, or a picture under noise; and what of the picture is put back on the way. The
// same steps, draws and blends as diffusers' pipelines for image-to-image and inpainting, with or without ControlNets.

/** A picture to begin with. */
export interface InitPicture {
  /** [3, height, width] in -1..1, of the size that is drawn. */
  readonly picture: Float32Array;
  /** Above 0, to 1. */
  readonly strength: number;
  /** [height, width]: 1 where it may change, else 0; null everywhere. */
  readonly mask: Uint8Array | null;
}

/** What a beginning is made from. */
export interface BeginningRequest {
  readonly init?: InitPicture | undefined;
  readonly config: ScheduleConfig;
  /** Steps of the whole schedule. */
  readonly steps: number;
  readonly size: { readonly drawn: { readonly width: number; readonly height: number } };
  /** Standard normals for a purpose: "posterior.init", "initial", "posterior.masked", "step.3". */
  readonly normals: DenoiseRequest["normals"];
  /** Draws standard normals that diffusers draws and nothing uses, so that later ones are the same. */
  readonly skipNormals: (length: number) => void;
  readonly noiseKey: string;
  readonly signal: AbortSignal;
  readonly trace?: (name: string, tensor: Tensor) => void;
}

/** The steps that are executed, and what they begin with. */
export type Beginning = Pick<DenoiseRequest, "schedule" | "start" | "extra" | "repaint" | "normals" | "noiseKey">;

/** Begins a generation. Encoded pictures are kept. Rejects as `Network.run` does, and with `request-invalid`. */
export async function beginning(
  runtime: Runtime,
  base: LoadedBase,
  kept: Kept,
  request: BeginningRequest,
): Promise<Beginning> {
  const { config, steps, size, init, normals, noiseKey } = request;
  const schedule = createSchedule(config, steps, init ? { strength: init.strength } : {});
  const factor = vaeFactor(base.vae.config);
  const [width, height] = [size.drawn.width / factor, size.drawn.height / factor];
  const shape = { channels: base.vae.config.latentChannels, height, width };
  const length = shape.channels * height * width;
  // A UNet for inpainting reads the mask and the rest of the picture, and is not put right after its steps.
  const reads = base.unet.config.inChannels > shape.channels;
  const fresh = init !== undefined && init.mask !== null && init.strength === 1;
  const encode = (name: "init" | "masked", picture: Float32Array): Promise<Float32Array> =>
    encoded(runtime, base, kept, request, { name, picture, shape });

  // Draws come in the order of diffusers' pipelines.
  const clean = init && !(fresh && reads) ? await encode("init", init.picture) : null;
  const noise = normals("initial", length);
  const latents =
    clean && !fresh ? noised(schedule, clean, noise, 0) : noise.map((value) => value * schedule.initialNoiseScale);
  const start = { key: clean ? `latents ${contentKey(latents)}` : noiseKey, latents };
  const begun = { schedule, start, normals, noiseKey };
  if (reads) {
    // Without a mask everything may change; without a picture too.
    const mask = init?.mask ? latentMask(init.mask, size.drawn, factor) : new Uint8Array(height * width).fill(1);
    const rest = masked(init, size.drawn);
    const values = new Float32Array(height * width + length);
    values.set(mask);
    values.set(await encode("masked", rest), height * width);
    return { ...begun, extra: { key: contentKey(values), channels: 1 + shape.channels, values } };
  }
  if (!init?.mask || !clean) return begun;
  request.skipNormals(length);
  return { ...begun, repaint: repainting(schedule, clean, noise, latentMask(init.mask, size.drawn, factor)) };
}

/** The latent of a picture: a sample of what the autoencoder makes of it. */
async function encoded(
  runtime: Runtime,
  base: LoadedBase,
  kept: Kept,
  { size, normals, signal, trace }: BeginningRequest,
  { name, picture, shape }: { readonly name: string; readonly picture: Float32Array; readonly shape: LatentShape },
): Promise<Float32Array> {
  const { width, height } = size.drawn;
  const { value: moments } = await kept.take(`moments ${width}x${height} ${contentKey(picture)}`, async () => {
    const encoder = await base.vaeEncoder({ signal });
    const value = await encodePicture(runtime, encoder, picture, size.drawn, { signal });
    return { value, bytes: value.byteLength };
  });
  trace?.(`moments.${name}`, { dims: [1, 2 * shape.channels, shape.height, shape.width], values: moments });
  return latentSample(base.vae.config, moments, normals(`posterior.${name}`, moments.length / 2));
}

/** A mask at the latent's size: the first pixel of each block, as PyTorch's nearest neighbour. */
function latentMask(mask: Uint8Array, drawn: BeginningRequest["size"]["drawn"], factor: number): Uint8Array {
  const [width, height] = [drawn.width / factor, drawn.height / factor];
  const small = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) small[y * width + x] = mask[factor * (y * drawn.width + x)] as number;
  return small;
}

/** The picture where it must stay, and gray, which is 0, where it may change. */
function masked(init: InitPicture | undefined, { width, height }: BeginningRequest["size"]["drawn"]): Float32Array {
  const area = width * height;
  const rest = new Float32Array(3 * area);
  if (!init?.mask) return rest;
  for (let i = 0; i < rest.length; i++) rest[i] = init.mask[i % area] ? 0 : (init.picture[i] as number);
  return rest;
}

/** Puts the picture back where it must stay, under the noise that the next step expects; without noise after the last. */
function repainting(
  schedule: Schedule,
  clean: Float32Array,
  noise: Float32Array,
  mask: Uint8Array,
): NonNullable<Beginning["repaint"]> {
  const levels = schedule.steps.map((step) => step.noised);
  const parts = [contentKey(clean), contentKey(noise), contentKey(mask), JSON.stringify(levels)];
  return {
    key: contentKey(parts.join(" ")),
    apply(latents, step) {
      const kept = step + 1 < schedule.steps.length ? noised(schedule, clean, noise, step + 1) : clean;
      for (let i = 0; i < latents.length; i++) if (!mask[i % mask.length]) latents[i] = kept[i] as number;
    },
  };
}
