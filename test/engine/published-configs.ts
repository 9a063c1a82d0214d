import type { ControlNetConfig, TextConfig, UnetConfig, VaeConfig } from "../../engine/src/graph/index.ts";

// The shapes of published models, from their configs (runwayml/stable-diffusion-v1-5, stabilityai/stable-diffusion-2-1,
// lllyasviel/sd-controlnet-canny), and a small one with everything uneven.

const common = {
  inChannels: 4,
  channels: [320, 640, 1280, 1280],
  layers: [2, 2, 2, 2],
  downAttention: [true, true, true, false],
  middle: "attention",
  depth: [1, 1, 1, 1],
  normGroups: 32,
  normEpsilon: 1e-5,
  cosineFirst: true,
  frequencyShift: 0,
  middleScale: 1,
} as const;
const unet = { ...common, outChannels: 4, upAttention: [false, true, true, true] } as const;
const net = { ...common, hintChannels: [16, 32, 96, 256], mapChannels: 3, bgr: false, globalPool: false } as const;
const sd1 = { heads: [8, 8, 8, 8], contextWidth: 768, linearProjection: false } as const;
const sd2 = { heads: [5, 10, 20, 20], contextWidth: 1024, linearProjection: true } as const;

export const sd15Unet: UnetConfig = { ...unet, ...sd1 };
export const sd15Net: ControlNetConfig = { ...net, ...sd1 };
export const sd21Unet: UnetConfig = { ...unet, ...sd2 };
export const sd21Net: ControlNetConfig = { ...net, ...sd2 };
export const clipLarge: TextConfig = {
  vocabulary: 49408,
  width: 768,
  hiddenWidth: 3072,
  layers: 12,
  heads: 12,
  length: 77,
  activation: "quick-gelu",
  normEpsilon: 1e-5,
};
export const sdVae: VaeConfig = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 4,
  channels: [128, 256, 512, 512],
  layers: 2,
  normGroups: 32,
  middleAttention: true,
  quantConv: true,
  postQuantConv: true,
  scalingFactor: 0.18215,
  shiftFactor: 0,
};

/** Five levels, different layers, heads and depths a level, attention only here and there, a middle without it. */
export const unevenUnet: UnetConfig = {
  ...unet,
  inChannels: 5,
  outChannels: 5,
  channels: [16, 24, 32, 32, 48],
  layers: [1, 2, 3, 1, 2],
  downAttention: [false, true, false, true, true],
  upAttention: [true, false, true, false, true],
  middle: "plain",
  heads: [2, 3, 4, 8, 6],
  depth: [1, 2, 1, 3, 1],
  contextWidth: 20,
  normGroups: 8,
  linearProjection: true,
};
const { outChannels: _, upAttention: __, ...unevenEncoder } = unevenUnet;
/** A ControlNet that fits `unevenUnet`: a copy of its encoder. */
export const unevenNet: ControlNetConfig = { ...net, ...unevenEncoder, hintChannels: [8, 12, 16] };
