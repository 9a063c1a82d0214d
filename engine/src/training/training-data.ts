import { hintPlanes } from "../controlnet/net.ts";
import { type Keepable, Kept } from "../diffusion/kept.ts";
import { encodePicture, vaeFactor } from "../diffusion/latent.ts";
import type { LoadedBase } from "../diffusion/loaded-base.ts";
import { readPlain } from "../diffusion/prompt.ts";
import { encodeChunk } from "../diffusion/text.ts";
import type { ControlNetConfig } from "../graph/config.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { fitPair } from "./fit-pair.ts";
import { type MapRules, mapRules, mirrors } from "./map-rules.ts";
import type { PairReading, PairSource, TrainingPair } from "./pair.ts";
import { faultOf, type PairFault, unfit } from "./pair-fault.ts";
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
  /** The numbers of the pairs that are used, in groups: in the place of one that proves faulty comes another of its group. */
  readonly groups: readonly (readonly number[])[];
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
  readonly #rules: MapRules;
  /** 2 where pairs are mirrored too. */
  readonly #sides: number;
  /** Pairs that could not be read, by their numbers, and those of them that nobody was told of yet. */
  readonly #faults = new Map<number, PairFault>();
  readonly #untold: PairFault[] = [];
  /** How many variants each pair has. */
  readonly variants: number;

  constructor(runtime: Runtime, base: LoadedBase, net: ControlNetConfig, pairs: PairSource, shape: DataShape) {
    this.#runtime = runtime;
    this.#base = base;
    this.#net = net;
    this.#pairs = pairs;
    this.#shape = shape;
    this.#kept = new Kept(shape.keep);
    this.#rules = mapRules(pairs.condition);
    this.#sides = shape.mirror && mirrors(pairs.condition) ? 2 : 1;
    this.variants = this.#sides * (shape.shift > 0 ? 1 + moves : 1);
  }

  /** Bytes that all variants of a pair take together. */
  get bytes(): number {
    const { width, height } = this.#shape;
    const { config } = this.#base.vae;
    const cells = (width * height) / vaeFactor(config) ** 2;
    return this.variants * (3 * width * height + 4 * 2 * config.latentChannels * cells);
  }

  /**
   * A pair in a variant; variant 0 is as it is. Where it cannot be read, the next sound one of its group. Rejects as
   * `PairSource.read` does where no other would be read either, and with `training-data` for too many faulty ones.
   */
  async take(at: number, variant: number, options: PairReading = {}): Promise<PreparedPair> {
    return this.#sound(at, async (sound) => {
      const { value } = await this.#kept.take(keyOf(sound, variant), async () =>
        this.#keepable(await this.#fitted(sound, options), variant, options),
      );
      return value;
    });
  }

  /** Prepares all variants of a pair, or its first ones, and reads it once. Rejects as `take`. */
  async prepare(
    at: number,
    { variants = this.variants, ...options }: PairReading & { readonly variants?: number } = {},
  ) {
    await this.#sound(at, async (sound) => {
      const missing = Array.from({ length: variants }, (_, n) => n).filter((n) => !this.#kept.find(keyOf(sound, n)));
      if (missing.length === 0) return;
      const fitted = await this.#fitted(sound, options);
      for (const n of missing) this.#kept.put(keyOf(sound, n), await this.#keepable(fitted, n, options));
      await this.states(fitted.prompt, options);
    });
  }

  /** A pair of the size that is trained on. Rejects as `take`. */
  fitted(at: number, options: PairReading = {}): Promise<TrainingPair> {
    return this.#sound(at, (sound) => this.#fitted(sound, options));
  }

  /** Pairs that have proved faulty since this was last asked. */
  takeFaults(): readonly PairFault[] {
    return this.#untold.splice(0);
  }

  async #fitted(at: number, options: PairReading): Promise<TrainingPair> {
    const { width, height } = this.#shape;
    return fitPair(await this.#pairs.read(at, options), { width, height, rules: this.#rules });
  }

  /** Does something with a pair, or with the next one of its group where a file of it is faulty. */
  async #sound<T>(at: number, work: (sound: number) => Promise<T>): Promise<T> {
    const group = this.#shape.groups.find((one) => this.#faults.size > 0 && one.includes(at)) ?? [at];
    const start = group.indexOf(at);
    for (let n = 0; n < group.length; n++) {
      const sound = group[(start + n) % group.length] as number;
      if (this.#faults.has(sound)) continue;
      try {
        return await work(sound);
      } catch (error) {
        const pair = this.#pairs.nameOf(sound);
        const problem = faultOf(error, pair);
        if (problem === null) throw error;
        this.#fault(sound, { pair, problem });
        return this.#sound(at, work);
      }
    }
    throw this.#unfit();
  }

  #fault(at: number, fault: PairFault): void {
    this.#faults.set(at, fault);
    this.#untold.push(fault);
    const used = this.#shape.groups.reduce((sum, { length }) => sum + length, 0);
    if (5 * this.#faults.size > used) throw this.#unfit();
  }

  #unfit(): Error {
    const faults = [...this.#faults.values()];
    const message = `${faults.length} pairs that were sound or not looked at cannot be read now.`;
    return unfit(message, faults, "Repair these pairs or take them out, and begin again.");
  }

  async #keepable(fitted: TrainingPair, variant: number, options: PairReading): Promise<Keepable<PreparedPair>> {
    const value = await this.#prepare(fitted, variant, options);
    return { value, bytes: value.moments.byteLength + value.map.byteLength };
  }

  async #prepare(fitted: TrainingPair, variant: number, options: PairReading): Promise<PreparedPair> {
    const { width, height, shift, seed } = this.#shape;
    const next = uniformsAt(seed, `move ${fitted.name} ${variant}`);
    const by = (): number => (variant < this.#sides ? 0 : Math.round((2 * next() - 1) * shift));
    const mirror = variant % this.#sides === 1;
    const moved = varyPair(fitted, { mirror, right: by(), down: by(), rules: this.#rules });
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
  async states(prompt: string, options: PairReading = {}): Promise<Float32Array> {
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

const keyOf = (pair: number, variant: number): string => `pair ${pair} ${variant}`;

/** A picture as the autoencoder reads it: its channels one after the other, from -1 to 1. */
function planes({ width, height, data }: TrainingPair["picture"]): Float32Array {
  const area = width * height;
  const values = new Float32Array(3 * area);
  for (let at = 0; at < area; at++)
    for (let c = 0; c < 3; c++) values[c * area + at] = ((data[4 * at + c] as number) / 255) * 2 - 1;
  return values;
}
