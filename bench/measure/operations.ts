import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { type Extent, elements, type Graph, shapeInputs, sideAt, type Weights } from "../../engine/src/graph/index.ts";
import { inFiles, writeWeights } from "../../engine/src/runtime/weights-node.ts";

// Where the time inside a graph goes, by onnxruntime's own profile: a session of the same model with profiling on, fed
// with random numbers. Profiling costs time itself, so that only the shares are to be read from it.

/** Microseconds by operation in one run, the most first. */
export async function operationTimes(
  graph: Graph,
  weights: Weights,
  extent: Extent,
  runs: number,
): Promise<[operation: string, microseconds: number][]> {
  const folder = await mkdtemp(join(tmpdir(), "underdraw-profile-"));
  const model = await writeWeights(graph, weights);
  try {
    const options = {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "all",
      enableProfiling: true,
      profileFilePrefix: join(folder, "profile"),
    } as const;
    const session = await ort.InferenceSession.create(model.bytes, inFiles(model, options));
    const shapes = shapeInputs(graph, extent);
    const feeds = Object.fromEntries(
      graph.inputs.map(({ name, dims }) => {
        const shape = shapes.get(name);
        if (shape) return [name, new ort.Tensor("int64", shape, [shape.length])];
        const sides = dims.map((dim) => (typeof dim === "number" ? dim : sideOf(dim, extent)));
        const numbers = Float32Array.from({ length: elements(sides) }, () => Math.random() - 0.5);
        return [name, new ort.Tensor("float32", numbers, sides)];
      }),
    );
    // The first run lays out memory; it is left out below.
    for (let n = 0; n <= runs; n++) await session.run(feeds);
    session.endProfiling();
    await session.release();
    const [file = ""] = await readdir(folder);
    return byOperation(JSON.parse(await readFile(join(folder, file), "utf8")), runs);
  } finally {
    await model.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sides by the names that graphs give them: "batch", "context", "height.1" (halved once), "width.-3" (doubled thrice). */
function sideOf(name: string, { batch, height, width, context = 1 }: Extent): number {
  const known: Readonly<Record<string, number>> = { batch, context, one: 1 };
  const [, axis, level = ""] = /^(height|width)\.(-?\d+)$/.exec(name) ?? [];
  const side = axis === undefined ? known[name] : sideAt(axis === "height" ? height : width, Number(level));
  if (side === undefined) throw new RangeError(`No extent says how long the side "${name}" is.`);
  return side;
}

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

function byOperation(events: readonly TraceEvent[], runs: number): [string, number][] {
  const starts = events.filter(({ name }) => name === "model_run").map(({ ts = 0 }) => ts);
  const second = starts.sort((a, b) => a - b)[1] ?? 0;
  const spent = new Map<string, number>();
  for (const { cat, name, ts = 0, dur = 0, args } of events) {
    if (cat !== "Node" || !name?.endsWith("_kernel_time") || ts < second) continue;
    const operation = args?.op_name ?? "unknown";
    spent.set(operation, (spent.get(operation) ?? 0) + dur / runs);
  }
  return [...spent].sort((a, b) => b[1] - a[1]);
}
