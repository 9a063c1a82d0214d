import { sideAt } from "./builder.ts";
import { type Graph, type Value, weightSize } from "./graph.ts";
import type { Extent } from "./shape-inputs.ts";

// What a run of a graph takes of memory, from its shapes: an estimate from below, since what a provider takes for itself
// inside a node (unrolled convolutions, scores of attention) is not in a graph.

/** The sides of a run: see `Extent`; `steps` where the graph reads timesteps. */
export interface RunExtent extends Extent {
  readonly steps?: number;
}

/** Bytes of a run's tensors. */
export interface RunMemory {
  /** The outputs together. */
  readonly outputs: number;
  /** The most that is there at once of what the run makes, outputs and all: inputs and weights are not counted. */
  readonly peak: number;
  /** The largest tensor. */
  readonly largest: number;
}

/** Nodes whose output may take the memory of an input that nobody reads after them. */
const inPlace = new Set(["Add", "Gelu", "Mul", "QuickGelu", "Relu", "Sigmoid", "Softmax"]);

/** Nodes that hand on their first input's memory under other sides. */
const handsOn = new Set(["Identity", "Reshape"]);

/** Bytes of each weight of a graph together. */
export const weightBytes = ({ weights, precision }: Graph): number =>
  weights.reduce((sum, weight) => sum + weightSize(weight, precision), 0);

/** What a run of a graph takes, its tensors freed as soon as nobody reads them any more. */
export function runMemory(graph: Graph, extent: RunExtent): RunMemory {
  const counts = new Map<string, number>();
  /** The tensor whose memory a tensor lies in. */
  const homes = new Map<string, string>();
  const home = (name: string): string => homes.get(name) ?? name;
  for (const value of [...graph.inputs, ...graph.constants]) counts.set(value.name, countOf(value, extent) ?? 0);
  const lastRead = new Map<string, number>();
  for (const [n, { op, inputs, outputs }] of graph.nodes.entries()) {
    if (handsOn.has(op)) for (const output of outputs) homes.set(output, home(inputs[0] ?? ""));
    for (const input of inputs) lastRead.set(home(input), n);
  }
  for (const { name } of graph.outputs) lastRead.set(home(name), Number.POSITIVE_INFINITY);

  const there = new Map<string, number>();
  let [now, peak, largest] = [0, 0, 0];
  for (const [n, { op, inputs, outputs }] of graph.nodes.entries()) {
    const ends = [...new Set(inputs.map(home))].filter((name) => there.has(name) && (lastRead.get(name) ?? 0) <= n);
    for (const output of outputs) {
      const value = graph.values.get(output);
      if (!value) continue;
      // A side that is only known as "the rest" does not change how many numbers there are.
      const count = countOf(value, extent) ?? counts.get(inputs[0] ?? "") ?? 0;
      counts.set(output, count);
      if (home(output) !== output) continue;
      const bytes = count * bytesOf(value.type);
      largest = Math.max(largest, bytes);
      const taken = inPlace.has(op) ? ends.find((name) => there.get(name) === bytes) : undefined;
      if (taken !== undefined) {
        now -= bytes;
        there.delete(taken);
      }
      there.set(output, bytes);
      now += bytes;
    }
    peak = Math.max(peak, now);
    for (const name of ends) {
      now -= there.get(name) ?? 0;
      there.delete(name);
    }
  }
  const sizes = graph.outputs.map(({ name, type }) => (counts.get(name) ?? 0) * bytesOf(type));
  return { outputs: sizes.reduce((sum, bytes) => sum + bytes, 0), peak, largest };
}

const bytesOf = (type: Value["type"]): number => (type === "float16" ? 2 : type === "int64" ? 8 : 4);

/** How many numbers a tensor holds; null where one of its sides is not known by its name. */
export function countOf({ dims }: Pick<Value, "dims">, extent: RunExtent): number | null {
  let count = 1;
  for (const dim of dims) {
    const side = typeof dim === "number" ? dim : sideOf(dim, extent);
    if (side === null) return null;
    count *= side;
  }
  return count;
}

/** A side by the name that the builder gives it; null for another name. */
export function sideOf(name: string, extent: RunExtent): number | null {
  const { batch, height, width, context = 0, steps = 1 } = extent;
  if (name === "one") return 1;
  if (name === "batch") return batch;
  if (name === "context") return context;
  if (name === "steps") return steps;
  const [, kind, at] = /^(?:rows\.)?(height|width|tokens|rows)\.(-?\d+)$/.exec(name) ?? [];
  if (name === "rows.context") return batch * context;
  if (kind === undefined) return null;
  const [h, w] = [sideAt(height, Number(at)), sideAt(width, Number(at))];
  if (kind === "height") return h;
  if (kind === "width") return w;
  return kind === "tokens" && !name.startsWith("rows.") ? h * w : batch * h * w;
}
