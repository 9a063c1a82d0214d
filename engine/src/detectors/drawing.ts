import { GraphBuilder, mapDims } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { convolve, deconvolve, instanceNorm, mirrored, relu, sigmoid } from "../graph/sight.ts";
import type { Tensors } from "../models/tensors.ts";
import { asShares, type NetPlan } from "./net-plan.ts";

// The generator of "Learning to generate line drawings that convey geometry and semantics" (arxiv.org/abs/2203.12691):
// two halvings, residual blocks, two doublings. It draws dark lines on a light ground. Tensors have the names of its
// published checkpoints.

/** PyTorch's default for instance norm. */
const EPSILON = 1e-5;

/** Input `picture`, red, green, blue from 0 to 1, sides in fours; output `drawing` [1, 1, ..], 1 is paper. */
export function drawingGraph(width: number, blocks: number): Graph {
  const b = new GraphBuilder("line-drawing", "float32");
  const bent = (x: string, channels: number) => relu(b, instanceNorm(b, x, channels, EPSILON));
  const around = (x: string, key: string, from: number, to: number, kernel: number, level: number) =>
    convolve(b, mirrored(b, x, kernel >> 1), key, { from, to, kernel, level, pad: 0 });
  let x = bent(around(b.input("picture", mapDims(3, 0)), "model0.1", 3, width, 7, 0), width);
  for (const n of [0, 1]) {
    const [from, to] = [width << n, width << (n + 1)];
    x = bent(convolve(b, x, `model1.${3 * n}`, { from, to, kernel: 3, stride: 2, pad: 1, level: n + 1 }), to);
  }
  const deep = 4 * width;
  for (let n = 0; n < blocks; n++) {
    const key = `model2.${n}.conv_block`;
    const first = bent(around(x, `${key}.1`, deep, deep, 3, 2), deep);
    x = b.add(x, instanceNorm(b, around(first, `${key}.5`, deep, deep, 3, 2), deep, EPSILON));
  }
  for (const n of [0, 1]) {
    const [from, to] = [deep >> n, deep >> (n + 1)];
    const shape = { from, to, kernel: 3, stride: 2, pad: 1, grow: 1, level: 1 - n };
    x = bent(deconvolve(b, x, `model3.${3 * n}`, shape), to);
  }
  return b.finish([["drawing", sigmoid(b, around(x, "model4.1", width, 1, 7, 0))]]);
}

/** How a net for line drawings is opened and run. */
export function drawing(tensors: Tensors): NetPlan {
  let blocks = 0;
  while (tensors.has(`model2.${blocks}.conv_block.1.weight`)) blocks++;
  return {
    graph: drawingGraph(tensors.shape("model0.1.weight")[0] ?? 0, blocks),
    tensors,
    reading: asShares,
    multiple: 4,
    extent: (height, width) => ({ batch: 1, height, width }),
  };
}
