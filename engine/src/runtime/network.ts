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

/** Loads a graph as a network. */
export async function openNetwork(
  runtime: Runtime,
  graph: Graph,
  weights: Weights,
  options?: { readonly signal?: AbortSignal },
): Promise<Network> {
  const session: Session = await runtime.open(graph, weights, options);
  const names = graph.inputs.map(({ name }) => name);
  const known = new Map<string, Record<string, Tensor>>();
  const shapes = (extent: Extent): Record<string, Tensor> => {
    const key = `${extent.batch} ${extent.height} ${extent.width} ${extent.context ?? 0}`;
    let found = known.get(key);
    if (!found) {
      found = {};
      for (const [name, values] of shapeInputs(graph, extent))
        found[name] = runtime.tensor("int64", [values.length], values);
      known.set(key, found);
    }
    return found;
  };
  return {
    graph,
    get runs() {
      return session.runs;
    },
    run: (inputs, extent, runOptions) => {
      const all = { ...inputs, ...shapes(extent) };
      const feeds = Object.fromEntries(names.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
      return session.run(feeds, runOptions);
    },
    async release() {
      for (const tensors of known.values()) for (const tensor of Object.values(tensors)) tensor.dispose();
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
