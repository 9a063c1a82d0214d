import { type Extent, type Graph, shapeInputs, type Weights } from "../graph/index.ts";
import type { Runtime, Session, Tensor } from "./runtime.ts";

// A network's piece: a graph and its session together, so that the graph's shape inputs are fed by whoever knows the
// extent and nobody else has to think of them.

/** A loaded graph that fills its own shape inputs. */
export interface Network {
  readonly graph: Graph;
  /** How often it ran. */
  readonly runs: number;
  /**
   * Runs once at an extent, on those of `inputs` that the graph has: both halves of a UNet are given all time and text
   * tensors. Inputs stay the caller's; outputs are the caller's to dispose.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    extent: Extent,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** Of how many extents the shape inputs stay: whoever drags a picture's corner passes through hundreds of sizes. */
const mostExtents = 8;

/** Loads a graph as a network. */
export async function openNetwork(
  runtime: Runtime,
  graph: Graph,
  weights: Weights,
  options?: { readonly signal?: AbortSignal },
): Promise<Network> {
  const session: Session = await runtime.open(graph, weights, options);
  const names = graph.inputs.map(({ name }) => name);
  /** In the order of their last use. */
  const known = new Map<string, Record<string, Tensor>>();
  let running = 0;
  const shapes = (extent: Extent): Record<string, Tensor> => {
    const key = `${extent.batch} ${extent.height} ${extent.width} ${extent.context ?? 0}`;
    const found = known.get(key) ?? {};
    if (!known.delete(key))
      for (const [name, values] of shapeInputs(graph, extent))
        found[name] = runtime.tensor("int64", [values.length], values);
    known.set(key, found);
    return found;
  };
  /** Frees those of extents long past. A run that waits for its turn may still need its own. */
  const forget = () => {
    if (running > 0) return;
    for (const [key, tensors] of known) {
      if (known.size <= mostExtents) return;
      known.delete(key);
      disposeAll(tensors);
    }
  };
  return {
    graph,
    get runs() {
      return session.runs;
    },
    run: async (inputs, extent, runOptions) => {
      const all = { ...inputs, ...shapes(extent) };
      const feeds = Object.fromEntries(names.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
      running++;
      try {
        return await session.run(feeds, runOptions);
      } finally {
        running--;
        forget();
      }
    },
    async release() {
      for (const tensors of known.values()) disposeAll(tensors);
      known.clear();
      await session.release();
    },
  };
}

/** Frees tensors. */
export function disposeAll(tensors: Readonly<Record<string, Tensor>> | Iterable<Tensor>): void {
  const list = Symbol.iterator in tensors ? (tensors as Iterable<Tensor>) : Object.values(tensors);
  for (const tensor of list) tensor.dispose();
}
