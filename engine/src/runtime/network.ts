import { UnderdrawError } from "../core/errors.ts";
import { type Extent, type Graph, shapeInputs, type Weights } from "../graph/index.ts";
import type { Runtime, Session, Tensor } from "./runtime.ts";

// A network's piece: a graph and its session together, so that the graph's shape inputs are fed by whoever knows the
// extent and nobody else has to think of them. A network may be parked: then its memory is free, and its next run loads it.

/** A loaded graph that fills its own shape inputs. */
export interface Network {
  readonly graph: Graph;
  /** How often it ran. */
  readonly runs: number;
  /** Whether its weights are in memory. */
  readonly isLoaded: boolean;
  /**
   * Runs once at an extent, on those of `inputs` that the graph has: both halves of a UNet are given all time and text
   * tensors. Inputs stay the caller's; outputs are the caller's to dispose.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    extent: Extent,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Record<string, Tensor>>;
  /** Gives its memory back until it runs again; does nothing while it runs. */
  park(): Promise<void>;
  release(): Promise<void>;
}

/** How a network is opened. */
export interface NetworkOptions {
  readonly signal?: AbortSignal;
  /** Whether its first run loads it: see `Network.park`. */
  readonly parked?: boolean;
}

/** Of how many extents the shape inputs stay: whoever drags a picture's corner passes through hundreds of sizes. */
const mostExtents = 8;

/** Loads a graph as a network. Rejects as `Runtime.open`, and so does a run that loads it. */
export async function openNetwork(
  runtime: Runtime,
  graph: Graph,
  weights: Weights,
  { parked = false, ...options }: NetworkOptions = {},
): Promise<Network> {
  let session: Promise<Session> | null = parked ? null : runtime.open(graph, weights, options);
  let loaded = await session;
  /** Runs of sessions that are gone. */
  let before = 0;
  let released = false;
  const opened = async (loading: Pick<NetworkOptions, "signal"> = {}): Promise<Session> => {
    if (session) return session;
    if (released) throw new UnderdrawError("disposed", `The graph "${graph.name}" was released.`, { what: graph.name });
    const opening = runtime.open(graph, weights, loading);
    session = opening;
    try {
      loaded = await opening;
      return loaded;
    } catch (error) {
      session = null;
      throw error;
    }
  };
  const close = async (): Promise<void> => {
    const open = await session?.catch(() => null); // whoever asked for it was told
    session = null;
    loaded = null;
    before += open?.runs ?? 0;
    await open?.release();
  };
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
      return before + (loaded?.runs ?? 0);
    },
    get isLoaded() {
      return loaded !== null;
    },
    run: async (inputs, extent, runOptions) => {
      running++;
      try {
        const open = await opened(runOptions);
        const all = { ...inputs, ...shapes(extent) };
        const feeds = Object.fromEntries(names.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
        return await open.run(feeds, runOptions);
      } finally {
        running--;
        forget();
      }
    },
    async park() {
      if (running === 0) await close();
    },
    async release() {
      released = true;
      for (const tensors of known.values()) disposeAll(tensors);
      known.clear();
      await close();
    },
  };
}

/** Frees tensors. */
export function disposeAll(tensors: Readonly<Record<string, Tensor>> | Iterable<Tensor>): void {
  const list = Symbol.iterator in tensors ? (tensors as Iterable<Tensor>) : Object.values(tensors);
  for (const tensor of list) tensor.dispose();
}
