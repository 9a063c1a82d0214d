import { contentKey } from "../core/content-key.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { DenoiseRequest } from "./denoise.ts";
import type { Kept } from "./kept.ts";
import { encodePicture, type LatentShape, latentSample, vaeFactor } from "./latent.ts";
import type { LoadedBase } from "./loaded-base.ts";
import { noised, type Schedule } from "./schedule.ts";
import type { Tiles } from "./tiles.ts";

// What a generation begins with: noise, or a picture under noise; and what of the picture is put back on the way. The
// same steps, draws and blends as diffusers' pipelines for image-to-image and inpainting, with or without ControlNets.

/** A picture to begin with. */
export interface InitPicture {
  /** [3, height, width] in -1..1, of the size that is drawn. */
  readonly picture: Float32Array;
  /** Above 0, to 1. */
  readonly strength: number;
  /** [height, width]: 1 where it may change, 0 where it must stay, between by `grays`; null everywhere. */
  readonly mask: Float32Array | null;
  /** What a value between means: a share of the new latents in each step, or when the place may begin to change. */
  readonly grays: "blend" | "when";
  /** Which latents the picture has: a sample of what the autoencoder makes of it, or the mean. */
  readonly encoding: "sample" | "mean";
}

/** What a beginning is made from. */
export interface BeginningRequest {
  readonly init?: InitPicture | undefined;
  /** The steps that are executed: those that the picture's strength leaves. */
  readonly schedule: Schedule;
  readonly size: { readonly drawn: { readonly width: number; readonly height: number } };
  /** How pictures are cut for the autoencoder; not at all without it. */
  readonly tiles?: Tiles;
  /** Hears how many tiles of how many are encoded, over all pictures of this beginning. What is kept is not encoded. */
  readonly onTile?: (done: number, of: number) => void;
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
  const { schedule, size, init, normals, noiseKey } = request;
  const factor = vaeFactor(base.vae.config);
  const [width, height] = [size.drawn.width / factor, size.drawn.height / factor];
  const shape = { channels: base.vae.config.latentChannels, height, width };
  const length = shape.channels * height * width;
  // A UNet for inpainting reads the mask and the rest of the picture, and is not put right after its steps.
  const reads = base.unet.config.inChannels > shape.channels;
  // What may change later than others needs the picture under all of them.
  const timed = init?.mask !== null && init?.grays === "when";
  const fresh = init !== undefined && init.mask !== null && init.strength === 1 && !timed;
  const hasClean = init !== undefined && !(fresh && reads);
  const pictures = (hasClean ? 1 : 0) + (reads ? 1 : 0);
  let begunPictures = 0;
  const encode = (name: "init" | "masked", picture: Float32Array): Promise<Float32Array> => {
    const before = begunPictures++;
    const onTile = (done: number, of: number) => request.onTile?.(before * of + done, pictures * of);
    return encoded(runtime, base, kept, { ...request, onTile }, { name, picture, shape });
  };

  // Draws come in the order of diffusers' pipelines.
  const clean = hasClean ? await encode("init", init.picture) : null;
  const noise = normals("initial", length);
  const latents =
    clean && !fresh ? noised(schedule, clean, noise, 0) : noise.map((value) => value * schedule.initialNoiseScale);
  const start = { key: clean ? `latents ${contentKey(latents)}` : noiseKey, latents };
  const begun = { schedule, start, normals, noiseKey };
  const small = init?.mask ? latentMask(init.mask, size.drawn, factor) : null;
  const repaint = (): Pick<Beginning, "repaint"> =>
    clean && small ? { repaint: (timed ? opening : repainting)(schedule, clean, noise, small) } : {};
  if (reads) {
    // Without a mask everything may change; without a picture too. The UNet knows black and white alone.
    const mask = small?.map((value) => (value < 0.5 ? 0 : 1)) ?? new Float32Array(height * width).fill(1);
    const rest = masked(init, size.drawn);
    const values = new Float32Array(height * width + length);
    values.set(mask);
    values.set(await encode("masked", rest), height * width);
    const extra = { key: contentKey(values), channels: 1 + shape.channels, values };
    return { ...begun, extra, ...(timed ? repaint() : {}) };
  }
  if (!init?.mask || !clean) return begun;
  request.skipNormals(length);
  return { ...begun, ...repaint() };
}

/** The latent of a picture: a sample of what the autoencoder makes of it, or its mean. */
async function encoded(
  runtime: Runtime,
  base: LoadedBase,
  kept: Kept,
  { size, init, tiles, onTile, normals, signal, trace }: BeginningRequest,
  { name, picture, shape }: { readonly name: string; readonly picture: Float32Array; readonly shape: LatentShape },
): Promise<Float32Array> {
  const { width, height } = size.drawn;
  const cut = tiles ? ` ${tiles.rows}x${tiles.columns}` : "";
  const { value: moments } = await kept.take(`moments ${width}x${height}${cut} ${contentKey(picture)}`, async () => {
    const encoder = await base.vaeEncoder({ signal });
    const vae = { config: base.vae.config, encoder };
    const coding = { signal, ...(tiles && { tiles }), ...(onTile && { onTile }) };
    const value = await encodePicture(runtime, vae, picture, size.drawn, coding);
    return { value, bytes: value.byteLength };
  });
  trace?.(`moments.${name}`, { dims: [1, 2 * shape.channels, shape.height, shape.width], values: moments });
  const half = moments.length / 2;
  // The mean is the sample of no noise; none is drawn for it.
  const picked = init?.encoding === "mean" ? new Float32Array(half) : normals(`posterior.${name}`, half);
  return latentSample(base.vae.config, moments, picked);
}

/** A mask at the latent's size: the first pixel of each block, as PyTorch's nearest neighbour. */
function latentMask(mask: Float32Array, drawn: BeginningRequest["size"]["drawn"], factor: number): Float32Array {
  const [width, height] = [drawn.width / factor, drawn.height / factor];
  const small = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) small[y * width + x] = mask[factor * (y * drawn.width + x)] as number;
  return small;
}

/** The picture where it must stay, and gray, which is 0, where it may change. */
function masked(init: InitPicture | undefined, { width, height }: BeginningRequest["size"]["drawn"]): Float32Array {
  const area = width * height;
  const rest = new Float32Array(3 * area);
  if (!init?.mask) return rest;
  for (let i = 0; i < rest.length; i++)
    rest[i] = (init.mask[i % area] as number) < 0.5 ? (init.picture[i] as number) : 0;
  return rest;
}

type Repaint = NonNullable<Beginning["repaint"]>;

/** The picture's latents under the noise that the step after `step` expects; without noise after the last. */
const under = (schedule: Schedule, clean: Float32Array, noise: Float32Array, step: number): Float32Array =>
  step + 1 < schedule.steps.length ? noised(schedule, clean, noise, step + 1) : clean;

const repaintKey = (rule: string, schedule: Schedule, ...arrays: readonly Float32Array[]): string =>
  contentKey([rule, ...arrays.map(contentKey), JSON.stringify(schedule.steps.map((step) => step.noised))].join(" "));

/** Puts the picture back where it must stay, by the mask's share. */
function repainting(schedule: Schedule, clean: Float32Array, noise: Float32Array, mask: Float32Array): Repaint {
  return {
    key: repaintKey("blend", schedule, clean, noise, mask),
    apply(latents, step) {
      const kept = under(schedule, clean, noise, step);
      for (let i = 0; i < latents.length; i++) {
        const share = mask[i % mask.length] as number;
        if (share === 1) continue;
        const [now, before] = [latents[i] as number, kept[i] as number];
        latents[i] = share === 0 ? before : share * now + (1 - share) * before;
      }
    },
  };
}

/**
 * Puts the picture back where its time has not come: a place of the value v may change in the last share v of the steps
 * (differential diffusion, Levin and Fried 2023, as in diffusers' pipelines of that name; there the last step changes
 * what is black too, here it does not).
 */
function opening(schedule: Schedule, clean: Float32Array, noise: Float32Array, mask: Float32Array): Repaint {
  const stays = mask.map((value) => 1 - value);
  const count = schedule.steps.length;
  return {
    key: repaintKey("when", schedule, clean, noise, mask),
    apply(latents, step) {
      const kept = under(schedule, clean, noise, step);
      const last = step + 1 === count;
      const passed = Math.fround((step + 1) / count);
      for (let i = 0; i < latents.length; i++) {
        const stay = stays[i % stays.length] as number;
        if (stay > passed || (last && stay === 1)) latents[i] = kept[i] as number;
      }
    },
  };
}
