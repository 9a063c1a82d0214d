import {
  type ControlNetConfig,
  control,
  type Graph,
  hint,
  kv,
  type Precision,
  sumNames,
  temb,
  type Weights,
} from "../graph/index.ts";
import { type Network, openNetwork } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";

// A ControlNet at work: four graphs, of which only `control` runs in every step. What depends on the map, the text or
// the schedule alone is computed once and handed back as tensors.

/** The graphs of a ControlNet. */
export const controlNetGraphs = (config: ControlNetConfig, precision: Precision): Record<NetPiece, Graph> => ({
  hint: hint(config, precision),
  kv: kv(config, precision),
  temb: temb(config, precision),
  control: control(config, precision),
});

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
  options: { readonly signal?: AbortSignal; readonly onPiece?: (piece: NetPiece) => void } = {},
): Promise<LoadedNet> {
  const graphs = controlNetGraphs(config, runtime.precision);
  const pieces: Partial<Record<NetPiece, Network>> = {};
  const release = async () => {
    for (const piece of Object.values(pieces)) await piece.release();
  };
  try {
    for (const piece of ["hint", "kv", "temb", "control"] as const) {
      pieces[piece] = await openNetwork(runtime, graphs[piece], weights, options);
      options.onPiece?.(piece);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { config, pieces: pieces as Record<NetPiece, Network>, names: sumNames(config), release };
}

/** The map as the hint block reads it: [1, 3, height, width] in 0..1, red first or blue first as the net wants it. */
export function hintTensor(
  runtime: Runtime,
  config: ControlNetConfig,
  map: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray },
): Tensor {
  const { width, height, data } = map;
  const area = width * height;
  const values = new Float32Array(3 * area);
  const order = config.bgr ? [2, 1, 0] : [0, 1, 2];
  for (let c = 0; c < 3; c++) {
    const from = order[c] ?? 0;
    for (let i = 0; i < area; i++) values[c * area + i] = (data[4 * i + from] ?? 0) / 255;
  }
  return runtime.tensor(runtime.precision, [1, 3, height, width], values);
}
