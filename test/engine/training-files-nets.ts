import type { ControlNetConfig } from "../../engine/src/graph/config.ts";
import { control, elements, hint, kv, temb } from "../../engine/src/graph/index.ts";
import type { NetTensor } from "../../engine/src/training/net-files.ts";
import { randomWeights, uniform } from "./random-weights.ts";

// Small nets of random weights as a training would leave them, in every form that the families have, and what they are
// asked. test/golden/training/load_in_diffusers.py makes the same inputs by the same rule.

/** Stable Diffusion 1.5's form: heads alike, projections that are convolutions. */
const first: ControlNetConfig = {
  inChannels: 4,
  channels: [16, 16, 32, 32],
  layers: [2, 2, 2, 2],
  downAttention: [true, true, true, false],
  middle: "attention",
  heads: [8, 8, 8, 8],
  depth: [1, 1, 1, 1],
  contextWidth: 24,
  normGroups: 8,
  normEpsilon: 1e-5,
  linearProjection: false,
  cosineFirst: true,
  frequencyShift: 0,
  middleScale: 1,
  hintChannels: [4, 8, 8, 12],
  mapChannels: 3,
  bgr: false,
  globalPool: false,
};

/** The nets, by name. */
export const trainedNets: Readonly<Record<string, ControlNetConfig>> = {
  first,
  /** Stable Diffusion 2's: heads that grow, linear projections; and what few nets have. */
  second: {
    ...first,
    heads: [1, 2, 4, 4],
    depth: [1, 2, 1, 3],
    linearProjection: true,
    normEpsilon: 1e-4,
    cosineFirst: false,
    frequencyShift: 1,
    middleScale: 2,
    bgr: true,
  },
  /** The pack's: three levels, one layer each, a hint block of its own depth; the middle without attention. */
  third: {
    ...first,
    inChannels: 8,
    channels: [16, 24, 32],
    layers: [1, 1, 1],
    downAttention: [false, true, true],
    middle: "plain",
    heads: [4, 4, 4],
    depth: [1, 1, 1],
    linearProjection: true,
    hintChannels: [4, 4, 8, 8, 12],
    globalPool: true,
  },
};

/** All tensors of a net, of random numbers that follow from their names. */
export function randomNet(config: ControlNetConfig): NetTensor[] {
  const parts = [hint, kv, temb, control].flatMap((build) =>
    build(config, "float32").weights.flatMap((weight) => weight.parts),
  );
  const weights = randomWeights();
  return [...new Map(parts.map(({ key, shape }) => [key, shape]))].map(([key, shape]) => ({
    key,
    shape,
    read() {
      const values = new Float32Array(elements(shape));
      weights.read({ name: key, dims: shape, parts: [{ key, shape }] }, "float32", new Uint8Array(values.buffer));
      return values;
    },
  }));
}

const numbers = (seed: number, length: number): Float32Array => {
  const next = uniform(seed);
  return Float32Array.from({ length }, () => next());
};

/** The sides of the latent that nets are asked with, the words, and the timestep. */
export const asked = { height: 8, width: 16, context: 5, timestep: 401 } as const;

/** What a net is asked: a latent, text states, and a map in 0..1, red first. */
export function askedOf(config: ControlNetConfig) {
  const { height, width, context } = asked;
  const factor = 2 ** (config.hintChannels.length - 1);
  const map = { height: height * factor, width: width * factor };
  return {
    latent: { dims: [1, config.inChannels, height, width], values: numbers(1, config.inChannels * height * width) },
    states: { dims: [1, context, config.contextWidth], values: numbers(2, context * config.contextWidth) },
    map: {
      dims: [1, 3, map.height, map.width],
      values: numbers(3, 3 * map.height * map.width).map((x) => (x + 1) / 2),
    },
  };
}
