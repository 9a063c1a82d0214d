import { GraphBuilder, mapDims } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { convolve, deconvolve, maxPool, sigmoid } from "../graph/sight.ts";
import type { Tensors } from "../models/tensors.ts";
import { asBytes, type NetPlan } from "./net-plan.ts";

// TEED (arxiv.org/abs/2308.06468): an edge detector of 58,000 numbers. Three blocks are brought back to the picture's size
// and fused. Tensors have the names of its published checkpoint.

/**
 * x tanh(ln(1 + s)) with s = sigmoid(x). tanh(ln y) is (y^2 - 1) / (y^2 + 1), which leaves u / (u + 2) with u = s (s + 2):
 * no logarithm.
 */
function smish(b: GraphBuilder, x: string): string {
  const s = sigmoid(b, x);
  const two = b.filled([1], 2);
  const u = b.mul(s, b.add(s, two));
  return b.mul(x, b.node("Div", [u, b.add(u, two)], b.dims(u)));
}

/** A convolution without weights of the file: the sum of all channels. */
function summed(b: GraphBuilder, x: string, channels: number): string {
  return b.node("Conv", [x, b.filled([1, channels, 1, 1], 1)], mapDims(1, 0), {
    kernel_shape: { ints: [1, 1] },
    pads: { ints: [0, 0, 0, 0] },
    strides: { ints: [1, 1] },
    dilations: { ints: [1, 1] },
    group: { int: 1 },
  });
}

/** A block's map at the picture's size: each step doubles it, with kernels and pads that depend on how many there are. */
function enlarged(b: GraphBuilder, x: string, key: string, channels: number, steps: number): string {
  const kernel = 2 ** steps;
  const pad = steps === 1 ? 0 : 1;
  let y = x;
  let from = channels;
  for (let n = 0; n < steps; n++) {
    const to = n === steps - 1 ? 1 : 16;
    const level = steps - n;
    y = smish(b, convolve(b, y, `${key}.features.${3 * n}`, { from, to, kernel: 1, level }));
    y = deconvolve(b, y, `${key}.features.${3 * n + 2}`, { from: to, to, kernel, stride: 2, pad, level: level - 1 });
    from = to;
  }
  return y;
}

/** Input `picture`, red, green, blue from 0 to 255, sides in fours; outputs `side.0` to `side.3`, before the sigmoid. */
export function teedGraph(): Graph {
  const b = new GraphBuilder("teed", "float32");
  const picture = b.input("picture", mapDims(3, 0));
  const wide = (x: string, key: string, from: number, to: number, stride: number, level: number) =>
    convolve(b, x, key, { from, to, kernel: 3, stride, pad: 1, level });
  const first = smish(b, wide(picture, "block_1.conv1", 3, 16, 2, 1));
  const block1 = smish(b, wide(first, "block_1.conv2", 16, 16, 1, 1));
  const skip = convolve(b, block1, "side_1.conv", { from: 16, to: 32, kernel: 1, stride: 2, pad: 0, level: 2 });
  const second = smish(b, wide(block1, "block_2.conv1", 16, 32, 1, 1));
  const block2 = wide(second, "block_2.conv2", 32, 32, 1, 1);
  const down = maxPool(b, block2, { channels: 32, kernel: 3, pad: 1, level: 2 });
  const dense = "dblock_3.denselayer1";
  const before = convolve(b, down, "pre_dense_3.conv", { from: 32, to: 48, kernel: 1, level: 2 });
  // The first convolution adds a border of two and the second takes it off again.
  const grown = convolve(b, smish(b, b.add(down, skip)), `${dense}.conv1`, {
    from: 32,
    to: 48,
    kernel: 3,
    pad: 2,
    level: 2,
  });
  const shrunk = convolve(b, smish(b, grown), `${dense}.conv2`, { from: 48, to: 48, kernel: 3, pad: 0, level: 2 });
  const block3 = b.mul(b.add(shrunk, before), b.filled([1], 0.5));
  const sides = [
    enlarged(b, block1, "up_block_1", 16, 1),
    enlarged(b, block2, "up_block_2", 32, 1),
    enlarged(b, block3, "up_block_3", 48, 2),
  ];
  const joined = b.node("Concat", sides, mapDims(3, 0), { axis: { int: 1 } });
  const share = { kernel: 3, level: 0 };
  const one = convolve(b, smish(b, joined), "block_cat.DWconv1", { ...share, from: 3, to: 24, groups: 3 });
  const two = convolve(b, smish(b, one), "block_cat.DWconv2", { ...share, from: 24, to: 24, groups: 24 });
  const fused = smish(b, summed(b, b.add(two, one), 24));
  return b.finish([...sides, fused].map((side, n) => [`side.${n}`, side] as const));
}

/** How TEED is opened and run. */
export function teed(tensors: Tensors): NetPlan {
  return {
    graph: teedGraph(),
    tensors,
    reading: asBytes,
    multiple: 4,
    extent: (height, width) => ({ batch: 1, height, width }),
  };
}
