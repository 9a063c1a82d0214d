import { tell } from "./call.ts";
import { createPixels, type Pixels } from "./core/pixels.ts";
import type { Denoised } from "./diffusion/denoise.ts";
import type { Kept } from "./diffusion/kept.ts";
import { decodeLatent, type LatentShape, toPixels } from "./diffusion/latent.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import { cellColours, drawColours, drawTiny, isCheap, type LoadedTinyVae } from "./diffusion/preview.ts";
import type { Tiles } from "./diffusion/tiles.ts";
import type { DrawnSize } from "./drawn-size.ts";
import type { GenerateOptions } from "./request.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { resample } from "./vision/resample.ts";

// The end of a generation: the picture of its latent, and on the way what it looks like so far.

/** What pictures are decoded with, and how. */
export interface PictureDecoderParts {
  readonly runtime: Runtime;
  readonly base: Pick<LoadedBase, "vae">;
  /** Draws previews; null where there is none. */
  readonly previews: LoadedTinyVae | null;
  readonly kept: Kept;
  readonly shape: LatentShape;
  readonly size: DrawnSize;
  readonly tiles: Tiles;
}

/** Decodes the pictures of one generation. */
export interface PictureDecoder {
  /** The picture of a latent, decoded where it is not known: the caller's own copy. Tells of tiles from 0.93 to 0.99. */
  picture(denoised: Denoised): Promise<{ readonly pixels: Pixels; readonly known: boolean }>;
  /** What a latent looks like, of the size that was asked for. */
  preview(latent: Float32Array): Promise<Pixels>;
}

/** What decodes the pictures of one generation. Both reject as `decodeLatent`. */
export function pictureDecoder(
  { runtime, base, previews, kept, shape, size, tiles }: PictureDecoderParts,
  options: Pick<GenerateOptions, "onProgress" | "trace"> & { readonly signal: AbortSignal },
): PictureDecoder {
  const { signal, trace } = options;
  const { asked, drawn } = size;
  const onTile = (done: number, of: number): void => {
    if (of > 1) tell(options, { phase: "decode", fraction: 0.93 + (0.06 * done) / of });
  };
  const decoded = async (latents: Float32Array) => {
    const values = await decodeLatent(runtime, base.vae, latents, shape, { signal, tiles, onTile });
    trace?.("image", { dims: [1, values.length / (drawn.width * drawn.height), drawn.height, drawn.width], values });
    const pixels = toPixels(values, drawn, asked);
    return { value: pixels, bytes: pixels.data.byteLength };
  };
  return {
    async picture({ latents, key }) {
      if (trace) return { pixels: (await decoded(latents)).value, known: false };
      const cut = `${tiles.rows}x${tiles.columns}`;
      const name = `picture ${key} ${asked.width}x${asked.height} ${cut}`;
      const { value, known } = await kept.take(name, () => decoded(latents));
      return { pixels: { ...value, data: value.data.slice() }, known };
    },
    async preview(latent) {
      if (previews) return toPixels(await drawTiny(runtime, previews, latent, shape, { signal, tiles }), drawn, asked);
      if (isCheap(base.vae.decoder, shape))
        return toPixels(await decodeLatent(runtime, base.vae, latent, shape, { signal, tiles }), drawn, asked);
      const colours = drawColours(await cellColours(runtime, base.vae), latent, shape);
      return cutTo(resample(toPixels(colours, shape), drawn.width, drawn.height, "cubic"), asked);
    },
  };
}

/** A picture cut from its top left corner. */
function cutTo(picture: Pixels, { width, height }: DrawnSize["asked"]): Pixels {
  if (picture.width === width && picture.height === height) return picture;
  const cut = createPixels(width, height);
  for (let y = 0; y < height; y++) {
    const start = 4 * y * picture.width;
    cut.data.set(picture.data.subarray(start, start + 4 * width), 4 * y * width);
  }
  return cut;
}
