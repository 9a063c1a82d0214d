import type { Tensor } from "../core/tensor.ts";
import { checkCoverage, weightsOf } from "../models/weights.ts";
import { type Network, openNetwork } from "../runtime/network.ts";
import type { Tensor as DeviceTensor, Runtime } from "../runtime/runtime.ts";
import type { NetPlan } from "./net-plan.ts";
import { nextMultiple, pictureOf, readAs, stretched } from "./picture-input.ts";

// Nets that see, from files of the user's. What comes in and goes out are numbers beside the device; what they mean is
// the business of the condition that asked. A net of a known family is built here from its weights; any other comes as an
// ONNX file. Whatever it is: given `picture` (red, green, blue, 0 to 255), it gets the picture as it wants it. Nothing is
// fetched, and no file's name is trusted.

/** Something that was assumed or is not as it should be, though it works. */
export interface DetectorWarning {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

/** What a run may be stopped with. */
export interface RunOptions {
  readonly signal?: AbortSignal;
}

/** An open net that sees. */
export interface Detector {
  readonly warnings: readonly DetectorWarning[];
  /** Runs once. Rejects with the signal's reason before the run, with a TypeError or RangeError for wrong inputs. */
  run(inputs: Readonly<Record<string, Tensor>>, options?: RunOptions): Promise<Readonly<Record<string, Tensor>>>;
  /** Frees it, after what was asked of it. May be called twice. */
  release(): Promise<void>;
}

/** Reads what came out of a run, and frees what went in and came out. */
export async function taken(
  runtime: Runtime,
  inputs: Iterable<DeviceTensor>,
  running: Promise<Readonly<Record<string, DeviceTensor>>>,
): Promise<Readonly<Record<string, Tensor>>> {
  let outputs: Readonly<Record<string, DeviceTensor>> = {};
  try {
    outputs = await running;
    const found: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(outputs))
      found[name] = { dims: [...tensor.dims], values: await runtime.read(tensor) };
    return found;
  } finally {
    for (const tensor of inputs) tensor.dispose();
    for (const tensor of Object.values(outputs)) tensor.dispose();
  }
}

/** Opens a net of a known family. The plan's tensors must stay open as long as it lives. */
export async function openPlan(
  runtime: Runtime,
  plan: NetPlan,
  warnings: readonly DetectorWarning[],
): Promise<Detector> {
  const { graph, tensors, reading, multiple } = plan;
  const parts = graph.weights.flatMap((weight) => weight.parts);
  const beside = (plan.beside ?? []).map((key) => ({ key, dims: tensors.shape(key) }));
  checkCoverage(tensors, [...parts.map(({ key, shape }) => ({ key, dims: shape })), ...beside], plan.unused ?? []);
  const network: Network = await openNetwork(runtime, graph, weightsOf(tensors));
  return {
    warnings,
    async run(inputs, { signal } = {}) {
      signal?.throwIfAborted();
      const given = pictureOf(graph.name, inputs);
      const [width, height] = [nextMultiple(given.width, multiple), nextMultiple(given.height, multiple)];
      const picture = stretched(given, width, height);
      const feeds: Record<string, DeviceTensor> = {};
      try {
        feeds["picture"] = runtime.tensor("float32", [1, 3, height, width], readAs(picture, reading));
        for (const [name, { type, dims, values }] of Object.entries(plan.extras?.(height, width) ?? {}))
          feeds[name] = runtime.tensor(type, dims, values);
      } catch (error) {
        for (const tensor of Object.values(feeds)) tensor.dispose();
        throw error;
      }
      const running = network.run(feeds, plan.extent(height, width), signal ? { signal } : {});
      return taken(runtime, Object.values(feeds), running);
    },
    release: () => network.release(),
  };
}
