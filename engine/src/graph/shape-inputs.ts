import { sideAt } from "./builder.ts";
import type { Graph } from "./graph.ts";

/** The sides of a graph's feature maps at its input. */
export interface Extent {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Tokens of the text, where the graph reads one. */
  readonly context?: number;
}

/**
 * What a graph's shape inputs are for an extent. One session serves every size: what depends on the size is an int64
 * input, because arithmetic on shapes inside a graph would leave the GPU.
 */
export function shapeInputs(graph: Graph, extent: Extent): ReadonlyMap<string, BigInt64Array> {
  const found = new Map<string, BigInt64Array>();
  for (const { name } of graph.inputs) {
    const [, one, kind, channels, level] = /^shape\.(one\.)?(nchw|nhwc|nsc|text)\.(\d+)\.(-?\d+)$/.exec(name) ?? [];
    if (!kind) continue;
    const c = Number(channels);
    const h = sideAt(extent.height, Number(level));
    const w = sideAt(extent.width, Number(level));
    const { context = 0 } = extent;
    const batch = one ? 1 : extent.batch;
    const sides = { nchw: [batch, c, h, w], nhwc: [batch, h, w, c], nsc: [batch, h * w, c], text: [batch, context, c] };
    found.set(name, BigInt64Array.from(sides[kind as keyof typeof sides], BigInt));
  }
  return found;
}
