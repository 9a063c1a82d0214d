import { UnderdrawError } from "../core/errors.ts";
import { createPixels, type Pixels } from "../core/pixels.ts";
import type { VaeConfig } from "../graph/index.ts";
import type { Network } from "../runtime/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { inTiles, oneTile, type Tiles } from "./tiles.ts";

// From latents to pictures, and from pictures to latents.

/** The shape of a latent: channels, rows, columns. */
export interface LatentShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** How many pixels a latent's side stands for. */
export const vaeFactor = (config: Pick<VaeConfig, "channels">): number => 2 ** (config.channels.length - 1);

/** How something is coded: `tiles` the whole without it; `onTile` hears how many tiles of how many are done. */
export interface CodingOptions {
  readonly signal?: AbortSignal;
  readonly tiles?: Tiles;
  readonly onTile?: (done: number, of: number) => void;
}

/**
 * Decodes one latent to [3, height, width], about -1..1. Raises `result-not-finite` for numbers that are none; between
 * tiles it stops with the signal's reason.
 */
export async function decodeLatent(
  runtime: Runtime,
  vae: { readonly config: VaeConfig; readonly decoder: Network },
  latent: ArrayLike<number>,
  shape: LatentShape,
  options: CodingOptions = {},
): Promise<Float32Array> {
  const { scalingFactor, shiftFactor, outChannels } = vae.config;
  const values = Float32Array.from(latent, (value) => value / scalingFactor + shiftFactor);
  const run = (tile: Float32Array, cells: Cells): Promise<Float32Array> =>
    runOnce(
      runtime,
      vae.decoder,
      { input: "latent", output: "picture", channels: shape.channels },
      tile,
      cells,
      options,
    );
  const from = { values, channels: shape.channels, scale: 1 };
  const to = { channels: outChannels, scale: vaeFactor(vae.config) };
  return inTiles(options.tiles ?? oneTile(shape), shape, from, to, run, options.onTile);
}

/**
 * Encodes one picture, [3, height, width] in -1..1, sides a multiple of the autoencoder's factor, to its moments
 * [2 c, h, w]: means, then logarithms of variances. Raises as `decodeLatent`.
 */
export async function encodePicture(
  runtime: Runtime,
  { config, encoder }: { readonly config: VaeConfig; readonly encoder: Network },
  picture: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  options: CodingOptions = {},
): Promise<Float32Array> {
  const scale = vaeFactor(config);
  const channels = config.inChannels;
  const cells = { height: height / scale, width: width / scale };
  const run = (tile: Float32Array, of: Cells): Promise<Float32Array> => {
    const pixels = { height: of.height * scale, width: of.width * scale };
    return runOnce(runtime, encoder, { input: "picture", output: "moments", channels }, tile, pixels, options);
  };
  const to = { channels: 2 * config.latentChannels, scale: 1 };
  return inTiles(options.tiles ?? oneTile(cells), cells, { values: picture, channels, scale }, to, run, options.onTile);
}

type Cells = Pick<LatentShape, "height" | "width">;

/** Runs a network with one input and one output, and reads what it gives. */
export async function runOnce(
  runtime: Runtime,
  network: Network,
  { input, output, channels }: { readonly input: string; readonly output: string; readonly channels: number },
  values: Float32Array,
  { height, width }: Cells,
  { signal }: CodingOptions,
): Promise<Float32Array> {
  const tensor = runtime.tensor(runtime.precision, [1, channels, height, width], values);
  try {
    const given = await network.run({ [input]: tensor }, { batch: 1, height, width }, signal ? { signal } : {});
    const found = given[output];
    if (!found) throw new RangeError(`${network.graph.name} gave no ${output}.`);
    const read = await runtime.read(found);
    found.dispose();
    requireFinite(read, output === "picture" ? "the decoded picture" : "the encoded picture");
    return read;
  } finally {
    tensor.dispose();
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
