import { GraphBuilder, mapDims } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { convolve, maxPool, relu } from "../graph/sight.ts";
import type { Tensors } from "../models/tensors.ts";
import { asBytes, type NetPlan } from "./net-plan.ts";

// Edges as ControlNet's own re-trained HED sees them (after arxiv.org/abs/1504.06375): five stages of convolutions, each
// read out as a map of its own at half the size of the one before. Tensors have the names of its published checkpoint.

/** Convolutions of each stage. */
const depths = [2, 2, 3, 3, 3];

/** Input `picture`, red, green, blue from 0 to 255; outputs `side.0` to `side.4` [1, 1, ..], before the sigmoid. */
export function hedGraph(channels: readonly number[]): Graph {
  const b = new GraphBuilder("hed", "float32");
  const picture = b.input("picture", mapDims(3, 0));
  let x = b.node("Sub", [picture, b.parameter("norm", [1, 3, 1, 1])], mapDims(3, 0));
  let from = 3;
  const sides: [string, string][] = [];
  channels.forEach((to, stage) => {
    if (stage > 0) x = maxPool(b, x, { channels: from, kernel: 2, level: stage });
    for (let n = 0; n < (depths[stage] ?? 0); n++) {
      x = relu(b, convolve(b, x, `block${stage + 1}.convs.${n}`, { from, to, kernel: 3, level: stage }));
      from = to;
    }
    const shape = { from, to: 1, kernel: 1, level: stage };
    sides.push([`side.${stage}`, convolve(b, x, `block${stage + 1}.projection`, shape)]);
  });
  return b.finish(sides);
}

/** How HED is opened and run. */
export function hed(tensors: Tensors): NetPlan {
  const channels = [1, 2, 3, 4, 5].map((stage) => tensors.shape(`block${stage}.convs.0.weight`)[0] ?? 0);
  return {
    graph: hedGraph(channels),
    tensors,
    reading: asBytes,
    // Four halvings.
    multiple: 16,
    extent: (height, width) => ({ batch: 1, height, width }),
  };
}
