import {
  type ControlNetConfig,
  control,
  type Graph,
  hint,
  kv,
  type Precision,
  stored,
  storedWeights,
  sumNames,
  temb,
  type WeightBits,
  type Weights,
} from "../graph/index.ts";
import { type Network, type NetworkOptions, openNetwork } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";

// A ControlNet at work: four graphs, of which only `control` runs in every step. What depends on the map, the text or
// the schedule alone is computed once and handed back as tensors.

/** The graphs of a ControlNet, with linear layers in so many bits; whole without. */
export function controlNetGraphs(
  config: ControlNetConfig,
  precision: Precision,
  bits: WeightBits | null = null,
): Record<NetPiece, Graph> {
  return {
    hint: stored(hint(config, precision), bits),
    kv: stored(kv(config, precision), bits),
    temb: stored(temb(config, precision), bits),
    control: stored(control(config, precision), bits),
  };
}

/** The pieces that a ControlNet is loaded in. */
export type NetPiece = "hint" | "kv" | "temb" | "control";

/** A ControlNet, loaded. */
export interface LoadedNet {
  readonly config: ControlNetConfig;
  readonly pieces: Readonly<Record<NetPiece, Network>>;
  /** The names of its residuals, in network order, middle last. */
  readonly names: readonly string[];
  release(): Promise<void>;
}

/** Loads a ControlNet's graphs. */
export async function openControlNet(
  runtime: Runtime,
  config: ControlNetConfig,
  weights: Weights,
  {
    bits = null,
    onPiece,
    ...options
  }: NetworkOptions & { readonly bits?: WeightBits | null; readonly onPiece?: (piece: NetPiece) => void } = {},
): Promise<LoadedNet> {
  const graphs = controlNetGraphs(config, runtime.precision, bits);
  const from = storedWeights(weights);
  const pieces: Partial<Record<NetPiece, Network>> = {};
  const release = async () => {
    for (const piece of Object.values(pieces)) await piece.release();
  };
  try {
    for (const piece of ["hint", "kv", "temb", "control"] as const) {
      pieces[piece] = await openNetwork(runtime, graphs[piece], from, options);
      onPiece?.(piece);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { config, pieces: pieces as Record<NetPiece, Network>, names: sumNames(config), release };
}

/** A map's channels one after the other as the net orders them, red first or blue first; a byte a number. */
export function hintPlanes(
  { bgr }: Pick<ControlNetConfig, "bgr">,
  { width, height, data }: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray },
): Uint8Array {
  const area = width * height;
  const planes = new Uint8Array(3 * area);
  const order = bgr ? [2, 1, 0] : [0, 1, 2];
  order.forEach((from, c) => {
    for (let i = 0; i < area; i++) planes[c * area + i] = data[4 * i + from] ?? 0;
  });
  return planes;
}

/** The map as the hint block reads it: [1, 3, height, width] in 0..1. */
export function hintTensor(
  runtime: Runtime,
  config: ControlNetConfig,
  map: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray },
): Tensor {
  const { width, height } = map;
  const values = Float32Array.from(hintPlanes(config, map), (level) => level / 255);
  return runtime.tensor(runtime.precision, [1, 3, height, width], values);
}
