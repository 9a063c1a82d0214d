import { elements, runWork, type TinyVaeConfig, tinyVaeDecoder, type VaeConfig } from "../graph/index.ts";
import type { TinyVaeModel } from "../models/tiny-vae.ts";
import { weightsOf } from "../models/weights.ts";
import { type Network, openNetwork } from "../runtime/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type CodingOptions, decodeLatent, type LatentShape, runOnce, vaeFactor } from "./latent.ts";
import { createNormals } from "./random.ts";
import { inTiles, oneTile } from "./tiles.ts";

// What a latent looks like, cheaper than its picture: by a tiny decoder of the user's, by the real decoder where that costs
// little, or by the colours that the latent's channels stand for.

/** A tiny decoder on a runtime. */
export interface LoadedTinyVae {
  readonly config: TinyVaeConfig;
  readonly decoder: Network;
  release(): Promise<void>;
}

/** Loads a tiny decoder. */
export async function openTinyDecoder(
  runtime: Runtime,
  { config, tensors }: TinyVaeModel,
  options: { readonly signal?: AbortSignal } = {},
): Promise<LoadedTinyVae> {
  const graph = tinyVaeDecoder(config, runtime.precision);
  const decoder = await openNetwork(runtime, graph, weightsOf(tensors), options);
  return { config, decoder, release: () => decoder.release() };
}

/** How many pixels a side of a latent stands for in a tiny decoder's picture. */
export const tinyVaeFactor = ({ blocks }: TinyVaeConfig): number => 2 ** (blocks.length - 1);

/** Draws one latent by a tiny decoder, to [3, height, width], about -1..1. Raises as `decodeLatent`. */
export function drawTiny(
  runtime: Runtime,
  { config, decoder }: LoadedTinyVae,
  latent: Float32Array,
  shape: LatentShape,
  options: CodingOptions = {},
): Promise<Float32Array> {
  const names = { input: "latent", output: "picture", channels: shape.channels };
  const from = {
    values: latent.map((value) => value / config.scalingFactor),
    channels: shape.channels,
    scale: 1,
  };
  const to = { channels: config.outChannels, scale: tinyVaeFactor(config) };
  return inTiles(options.tiles ?? oneTile(shape), shape, from, to, (tile, cells) =>
    runOnce(runtime, decoder, names, tile, cells, options),
  );
}

/**
 * Multiplications up to which the real decoder draws previews: under a second on two busy cores of a processor, where
 * bench/vae.ts counts 60e9 in 2.7 s. The pack's decoder takes 15e9 for 512 pixels, Stable Diffusion's 1257e9.
 */
const CHEAP = 2e10;

/** Whether a decoder is cheap enough to draw previews of a size. */
export const isCheap = ({ graph }: Network, { height, width }: Pick<LatentShape, "height" | "width">): boolean =>
  runWork(graph, { batch: 1, height, width }) <= CHEAP;

/** What colour a latent's cell has, from its channels: rows of red, green and blue, each with a constant behind, [3, c + 1]. */
export type CellColours = Float64Array;

/** What was found of a decoder: the same for every preview. */
const found = new WeakMap<Network, Promise<CellColours>>();

/** The colours of a decoder's cells, found the first time it is asked. Rejects as `decodeLatent`; the next one tries anew. */
export function cellColours(
  runtime: Runtime,
  vae: { readonly config: VaeConfig; readonly decoder: Network },
): Promise<CellColours> {
  const known = found.get(vae.decoder);
  if (known) return known;
  const finding = findColours(runtime, vae);
  found.set(vae.decoder, finding);
  finding.catch(() => found.delete(vae.decoder));
  return finding;
}

/** Cells of the latent that is decoded to find colours, and of the patches in it. */
const sample = { side: 16, patch: 2, border: 1 };

/**
 * Decodes a latent of flat patches, each channel a standard normal, as scaled latents are, and fits each patch's mean
 * colour by its channels (least squares). No constants of somebody's model: any autoencoder tells its own colours.
 */
async function findColours(
  runtime: Runtime,
  vae: { readonly config: VaeConfig; readonly decoder: Network },
): Promise<CellColours> {
  const { latentChannels: channels } = vae.config;
  const { side, patch, border } = sample;
  const each = side / patch;
  const patches = createNormals(0n)(channels * each * each);
  const latent = new Float32Array(channels * side * side);
  for (let i = 0; i < latent.length; i++) {
    const [c, y, x] = [Math.floor(i / (side * side)), Math.floor(i / side) % side, i % side];
    latent[i] = patches[(c * each + Math.floor(y / patch)) * each + Math.floor(x / patch)] as number;
  }
  const shape = { channels, height: side, width: side };
  const picture = await decodeLatent(runtime, vae, latent, shape);
  const colours = cellMeans(picture, shape, vaeFactor(vae.config));
  const rows: { readonly known: readonly number[]; readonly colour: readonly number[] }[] = [];
  // The outermost cells see the border of the picture, which inner ones do not.
  for (let y = border; y < side - border; y++)
    for (let x = border; x < side - border; x++) {
      const at = y * side + x;
      const known = Array.from({ length: channels }, (_, c) => latent[c * side * side + at] as number);
      rows.push({ known: [...known, 1], colour: [0, 1, 2].map((c) => colours[c * side * side + at] as number) });
    }
  return leastSquares(rows, channels + 1);
}

/** The mean colour of each cell's pixels, [3, h, w], within -1..1 as pixels are. */
function cellMeans(picture: Float32Array, { height, width }: LatentShape, factor: number): Float64Array {
  const means = new Float64Array(3 * height * width);
  const [tall, wide] = [height * factor, width * factor];
  const planes = picture.length / (tall * wide);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < tall; y++)
      for (let x = 0; x < wide; x++) {
        const value = picture[((planes === 3 ? c : 0) * tall + y) * wide + x] as number;
        const at = (c * height + Math.floor(y / factor)) * width + Math.floor(x / factor);
        means[at] = (means[at] as number) + Math.min(1, Math.max(-1, value)) / factor ** 2;
      }
  return means;
}

/** The weights, [3, n], by which each row's numbers come nearest to its colour. */
function leastSquares(
  rows: readonly { readonly known: readonly number[]; readonly colour: readonly number[] }[],
  n: number,
): Float64Array {
  // Normal equations: [known' known | known' colour], a little more on the diagonal for channels that tell nothing.
  const table = Array.from({ length: n }, () => new Float64Array(n + 3));
  for (const { known, colour } of rows)
    for (let i = 0; i < n; i++) {
      const row = table[i] as Float64Array;
      for (let j = 0; j < n; j++) row[j] = (row[j] as number) + (known[i] as number) * (known[j] as number);
      for (let c = 0; c < 3; c++) row[n + c] = (row[n + c] as number) + (known[i] as number) * (colour[c] as number);
    }
  for (const [i, row] of table.entries()) row[i] = (row[i] as number) + 1e-6 * rows.length;
  for (let pivot = 0; pivot < n; pivot++) {
    const own = table[pivot] as Float64Array;
    for (const [i, row] of table.entries()) {
      if (i === pivot) continue;
      const factor = (row[pivot] as number) / (own[pivot] as number); // symmetric and positive: no other pivot is needed
      for (let j = pivot; j < n + 3; j++) row[j] = (row[j] as number) - factor * (own[j] as number);
    }
  }
  return Float64Array.from({ length: 3 * n }, (_, at) => {
    const [c, i] = [Math.floor(at / n), at % n];
    const row = table[i] as Float64Array;
    return (row[n + c] as number) / (row[i] as number);
  });
}

/** One latent's colours, [3, h, w], about -1..1: a pixel for each cell. */
export function drawColours(
  colours: CellColours,
  latent: Float32Array,
  { channels, height, width }: LatentShape,
): Float32Array {
  const area = elements([height, width]);
  const picture = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++)
    for (let at = 0; at < area; at++) {
      let value = colours[c * (channels + 1) + channels] as number;
      for (let i = 0; i < channels; i++)
        value += (colours[c * (channels + 1) + i] as number) * (latent[i * area + at] as number);
      picture[c * area + at] = value;
    }
  return picture;
}
