import { bound } from "../graph/bound.ts";
import type { ControlNetConfig } from "../graph/config.ts";
import { elements, type Graph, type Value, type Weight, type Weights } from "../graph/graph.ts";
import { hint } from "../graph/index.ts";
import { trainable } from "../graph/trainable.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { normalsAt } from "./random-stream.ts";

// Where a fresh hint block begins. From PyTorch's own numbers nine small layers, each a fifth of the one before, answer a map
// with next to nothing, and thousands of steps pass before a net notices its map (measured in models/recipe). So each layer
// is brought to mean 0 and deviation 1 per channel on maps of the data, and the features to half of what they are added to.
// The zero convolutions behind them are zero all the same: the fresh net changes nothing.

/** The share of what they are added to that features begin with. */
const share = 0.5;

/** A channel that deviates less says nothing of the maps, and is not made louder than this allows. */
const least = 1e-3;

/** Maps as the hint block reads them: [count, channels, height, width] in 0..1. */
export interface HintMaps {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/**
 * The numbers that a hint block begins with, by the keys of its tensors. `latent` is the weight by which the net reads
 * latents, [channels, ..]: the features are measured by its rows.
 */
export async function hintStart(
  runtime: Runtime,
  config: ControlNetConfig,
  { count, width, height, values }: HintMaps,
  { latent, seed }: { readonly latent: Float32Array; readonly seed: number },
): Promise<ReadonlyMap<string, Float32Array>> {
  const { graph, weights } = trainable(hint(config, "float32"), () => true);
  const seen = layersOf(bound(graph, { batch: count, height, width }));
  const none: Weights = { read: () => undefined };
  const session = await runtime.open(seen.graph, none);
  const own = new Map<string, Float32Array>();
  const tensors = new Map<string, Tensor>();
  const lay = (name: string, dims: readonly number[], numbers: Float32Array): void => {
    tensors.get(name)?.dispose();
    tensors.set(name, runtime.tensor("float32", dims, numbers));
  };
  const put = (weight: Weight, numbers: Float32Array): void => {
    own.set(keyOf(weight), numbers);
    lay(weight.name, weight.dims, numbers);
  };
  const rows = config.channels[0] ?? 1;
  const features = share * meanNorm(latent, rows);
  try {
    lay("map", [count, config.mapChannels, height, width], values);
    for (const weight of weights) {
      const size = elements(weight.dims);
      put(weight, weight.dims.length > 1 ? normalsAt(seed, weight.name, size) : new Float32Array(size));
    }
    for (const [n, layer] of seen.layers.entries()) {
      const found = await session.run(Object.fromEntries(tensors));
      const answer = await runtime.read(found[layer.output] as Tensor).finally(() => disposeAll(found));
      const [weight, bias] = [layer.weight, layer.bias].map((name) => weights.find((one) => one.name === name));
      // A weight that is widened before it is used has no name here, and begins as it is.
      if (!weight || !bias) continue;
      const to = n === seen.layers.length - 1 ? features : 1;
      const channels = bias.dims[0] ?? 1;
      const { mean, deviation } = statistics(answer, count, channels);
      const before = own.get(keyOf(weight)) as Float32Array;
      const row = before.length / channels;
      put(
        weight,
        before.map((value, at) => (value * to) / (deviation[Math.floor(at / row)] as number)),
      );
      put(
        bias,
        Float32Array.from(mean, (value, c) => (-value * to) / (deviation[c] as number)),
      );
    }
  } finally {
    disposeAll(tensors.values());
    await session.release();
  }
  return own;
}

const keyOf = ({ parts }: Weight): string => parts[0]?.key ?? "";

/** A hint block with the output of each of its convolutions. */
function layersOf(graph: Graph): {
  readonly graph: Graph;
  readonly layers: readonly { readonly output: string; readonly weight: string; readonly bias: string }[];
} {
  const layers = graph.nodes
    .filter(({ op }) => op === "Conv")
    .map(({ inputs: [, weight = "", bias = ""], outputs: [output = ""] }) => ({ output, weight, bias }));
  const outputs = layers.map(({ output }) => graph.values.get(output) as Value);
  return { graph: { ...graph, name: "hint_layers", outputs }, layers };
}

/** Mean and deviation of each channel over all rows and places. */
function statistics(
  values: Float32Array,
  rows: number,
  channels: number,
): { readonly mean: Float64Array; readonly deviation: Float64Array } {
  const area = values.length / (rows * channels);
  const [mean, deviation] = [new Float64Array(channels), new Float64Array(channels)];
  const each = (visit: (value: number, channel: number) => void): void => {
    for (let at = 0; at < values.length; at++) visit(values[at] as number, Math.floor(at / area) % channels);
  };
  each((value, c) => {
    mean[c] = (mean[c] as number) + value / (rows * area);
  });
  each((value, c) => {
    deviation[c] = (deviation[c] as number) + (value - (mean[c] as number)) ** 2 / (rows * area);
  });
  return { mean, deviation: deviation.map((square) => Math.max(least, Math.sqrt(square))) };
}

/** The mean length of a weight's rows. */
function meanNorm(weight: Float32Array, rows: number): number {
  const width = weight.length / rows;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = 0; i < width; i++) square += (weight[row * width + i] as number) ** 2;
    sum += Math.sqrt(square);
  }
  return sum / rows;
}
