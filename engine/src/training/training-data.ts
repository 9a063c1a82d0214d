import { hintPlanes } from "../controlnet/net.ts";
import { Kept } from "../diffusion/kept.ts";
import { encodePicture } from "../diffusion/latent.ts";
import type { LoadedBase } from "../diffusion/loaded-base.ts";
import { readPlain } from "../diffusion/prompt.ts";
import { encodeChunk } from "../diffusion/text.ts";
import type { ControlNetConfig } from "../graph/config.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { fitPair } from "./fit-pair.ts";
import { mapRules, mirrors } from "./map-rules.ts";
import type { PairSource, TrainingPair } from "./pair.ts";
import { uniformsAt } from "./random-stream.ts";
import { varyPair } from "./vary-pair.ts";

// Pairs as a step reads them: what the autoencoder, the text encoder and the eye make of them is made once for each pair
// and variant, and kept as far as there is room.

/** A pair in one of its variants, ready for a step. */
export interface PreparedPair {
  /** What the autoencoder says of the picture: means, then logarithms of variances, [2 c, h, w]. */
  readonly moments: Float32Array;
  /** The map's three channels, one after the other; a byte a number. */
  readonly map: Uint8Array;
  readonly prompt: string;
}

/** How pairs are prepared. */
export interface DataShape {
  readonly width: number;
  readonly height: number;
  readonly mirror: boolean;
  readonly shift: number;
  readonly seed: number;
  /** Bytes of prepared pairs that are kept. */
  readonly keep: number;
}

/** Places that a picture is moved to, besides its own. */
const moves = 3;

/** Pairs, prepared when they are asked for. */
export class TrainingData {
  readonly #runtime: Runtime;
  readonly #base: LoadedBase;
  readonly #net: ControlNetConfig;
  readonly #pairs: PairSource;
  readonly #shape: DataShape;
  readonly #kept: Kept;
  /** 2 where pairs are mirrored too. */
  readonly #sides: number;
  /** How many variants each pair has. */
  readonly variants: number;

  constructor(runtime: Runtime, base: LoadedBase, net: ControlNetConfig, pairs: PairSource, shape: DataShape) {
    this.#runtime = runtime;
    this.#base = base;
    this.#net = net;
    this.#pairs = pairs;
    this.#shape = shape;
    this.#kept = new Kept(shape.keep);
    this.#sides = shape.mirror && mirrors(pairs.condition) ? 2 : 1;
    this.variants = this.#sides * (shape.shift > 0 ? 1 + moves : 1);
  }

  /** A pair in a variant; variant 0 is as it is. Rejects as `PairSource.read`. */
  async take(at: number, variant: number, options: { readonly signal?: AbortSignal } = {}): Promise<PreparedPair> {
    const { value } = await this.#kept.take(`pair ${at} ${variant}`, async () => {
      const prepared = await this.#prepare(await this.fitted(at, options), variant, options);
      const { moments, map } = prepared;
      return { value: prepared, bytes: moments.byteLength + map.byteLength };
    });
    return value;
  }

  /** A pair of the size that is trained on. */
  async fitted(at: number, options: { readonly signal?: AbortSignal } = {}): Promise<TrainingPair> {
    const { width, height } = this.#shape;
    return fitPair(await this.#pairs.read(at, options), { width, height, rules: mapRules(this.#pairs.condition) });
  }

  async #prepare(
    fitted: TrainingPair,
    variant: number,
    options: { readonly signal?: AbortSignal },
  ): Promise<PreparedPair> {
    const { width, height, shift, seed } = this.#shape;
    const next = uniformsAt(seed, `move ${fitted.name} ${variant}`);
    const by = (): number => (variant < this.#sides ? 0 : Math.round((2 * next() - 1) * shift));
    const mirror = variant % this.#sides === 1;
    const moved = varyPair(fitted, { mirror, right: by(), down: by(), rules: mapRules(this.#pairs.condition) });
    const encoder = await this.#base.vaeEncoder(options);
    const config = this.#base.vae.config;
    const picture = planes(moved.picture);
    return {
      moments: await encodePicture(this.#runtime, { config, encoder }, picture, { width, height }, options),
      map: hintPlanes(this.#net, moved.map),
      prompt: moved.prompt,
    };
  }

  /** What cross-attention reads of a prompt: [context, width]. What does not fit is cut, as in diffusers. */
  async states(prompt: string, options: { readonly signal?: AbortSignal } = {}): Promise<Float32Array> {
    const { value } = await this.#kept.take(`text ${prompt}`, async () => {
      const { text } = this.#base;
      const { chunks } = readPlain(text, prompt);
      const [first] = chunks;
      if (!first) throw new RangeError("A prompt has no chunk.");
      const states = await encodeChunk(this.#runtime, text, first.ids, options);
      return { value: states, bytes: states.byteLength };
    });
    return value;
  }

  /** Ends a step: what was used longest ago makes room. */
  trim(): void {
    this.#kept.trim();
  }

  /** Gives up all that is kept. */
  clear(): void {
    this.#kept.clear({ free: true });
  }
}

/** A picture as the autoencoder reads it: its channels one after the other, from -1 to 1. */
function planes({ width, height, data }: TrainingPair["picture"]): Float32Array {
  const area = width * height;
  const values = new Float32Array(3 * area);
  for (let at = 0; at < area; at++)
    for (let c = 0; c < 3; c++) values[c * area + at] = ((data[4 * at + c] as number) / 255) * 2 - 1;
  return values;
}
