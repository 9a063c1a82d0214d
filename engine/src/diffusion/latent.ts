import { UnderdrawError } from "../core/errors.ts";
import { createPixels, type Pixels } from "../core/pixels.ts";
import type { VaeConfig } from "../graph/index.ts";
import type { Network } from "../runtime/network.ts";
import type { Runtime } from "../runtime/runtime.ts";

// From latents to pictures, and from pictures to latents.

/** The shape of a latent: channels, rows, columns. */
export interface LatentShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** How many pixels a latent's side stands for. */
export const vaeFactor = (config: Pick<VaeConfig, "channels">): number => 2 ** (config.channels.length - 1);

/** Decodes one latent to [3, height, width], about -1..1. Raises `result-not-finite` for numbers that are none. */
export async function decodeLatent(
  runtime: Runtime,
  vae: { readonly config: VaeConfig; readonly decoder: Network },
  latent: ArrayLike<number>,
  { channels, height, width }: LatentShape,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Float32Array> {
  const { scalingFactor, shiftFactor } = vae.config;
  const scaled = Float32Array.from(latent, (value) => value / scalingFactor + shiftFactor);
  const input = runtime.tensor(runtime.precision, [1, channels, height, width], scaled);
  try {
    const { picture } = await vae.decoder.run({ latent: input }, { batch: 1, height, width }, options);
    if (!picture) throw new RangeError("The decoder gave no picture.");
    const values = await runtime.read(picture);
    picture.dispose();
    requireFinite(values, "the decoded picture");
    return values;
  } finally {
    input.dispose();
  }
}

/** Encodes one picture, [3, height, width] in -1..1, to its moments [2 c, h, w]: means, then logarithms of variances. */
export async function encodePicture(
  runtime: Runtime,
  encoder: Network,
  picture: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  options: { readonly signal?: AbortSignal } = {},
): Promise<Float32Array> {
  const input = runtime.tensor(runtime.precision, [1, 3, height, width], picture);
  try {
    const { moments } = await encoder.run({ picture: input }, { batch: 1, height, width }, options);
    if (!moments) throw new RangeError("The encoder gave no moments.");
    const values = await runtime.read(moments);
    moments.dispose();
    requireFinite(values, "the encoded picture");
    return values;
  } finally {
    input.dispose();
  }
}

/** The latent that standard normals pick from moments. Logarithms of variances are held within -30..20, as in diffusers. */
export function latentSample(
  { scalingFactor, shiftFactor }: Pick<VaeConfig, "scalingFactor" | "shiftFactor">,
  moments: Float32Array,
  normals: Float32Array,
): Float32Array {
  const half = moments.length / 2;
  const latent = new Float32Array(half);
  for (let i = 0; i < half; i++) {
    const logarithm = Math.min(Math.max(moments[half + i] as number, -30), 20);
    const value = (moments[i] as number) + Math.exp(logarithm / 2) * (normals[i] as number);
    latent[i] = (value - shiftFactor) * scalingFactor;
  }
  return latent;
}

/** Raises `result-not-finite` when any number is NaN or infinite: else it would show as a black picture, without a word. */
export function requireFinite(values: Float32Array, what: string): void {
  // A sum is not finite when any part is not; it is read as doubles, so that no sum of floats overflows.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  if (Number.isFinite(sum)) return;
  throw new UnderdrawError(
    "result-not-finite",
    `Numbers left the range in ${what}: the result is not a picture. In half precision, load the model in float32; otherwise the weights or the strength of a control are too large.`,
    { what },
  );
}

/** A decoded picture as pixels, cut to `width` x `height` from its top left corner. */
export function toPixels(
  values: Float32Array,
  from: { readonly width: number; readonly height: number },
  { width, height } = from,
): Pixels {
  const pixels = createPixels(width, height);
  const area = from.width * from.height;
  const channels = values.length / area;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      for (let c = 0; c < 3; c++) {
        const value = values[(channels === 3 ? c : 0) * area + y * from.width + x] ?? 0;
        pixels.data[at + c] = (value / 2 + 0.5) * 255;
      }
      pixels.data[at + 3] = 255;
    }
  return pixels;
}
