import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import type { ForeignType, Graph, Weights } from "../graph/graph.ts";
import { isHalved } from "../graph/halved.ts";
import type { ForeignModel, Provider, RuntimeOptions } from "./runtime.ts";
import type { RowProduct, ScaledSum } from "./scaled-sum.ts";

// What differs between a browser and Node, behind one interface: which onnxruntime there is, how a device is opened,
// how weights reach it, where tensors lie. `#backend` in package.json chooses the file; both export `backend`.
// Nothing here queues, counts, times or judges errors: that is `device-runtime.ts`, once for both.

/** How a runtime is opened inside the project; tests ask for more than users may. */
export interface OpenOptions extends RuntimeOptions {
  /** WebGPU: a graph with a node that WebGPU has no kernel for is refused instead of computed on the CPU. */
  readonly strict?: boolean;
  /** WebGPU: takes the device without asking whether it computes rightly. */
  readonly untested?: boolean;
}

/** A graph in onnxruntime. */
export interface Loaded {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** What the self-test found, for the report; null where there was nothing to test. */
export interface Verdict {
  /** Largest error of attention against JavaScript, relative to the largest value. */
  readonly attentionError: number;
  /** The same in half precision, over attention, convolution and matrix product; null without half precision. */
  readonly halfError: number | null;
}

/** What is computed on the device without onnxruntime, on its tensors of floats where they lie. */
export interface Kernels {
  addScaled(sums: readonly ScaledSum<OrtTensor>[]): Promise<OrtTensor[]>;
  products(pairs: readonly RowProduct<OrtTensor>[]): Promise<Float32Array[]>;
}

/** An open provider. */
export interface Device {
  readonly provider: Provider;
  /** The adapter, or the CPU, in words. */
  readonly about: string;
  /** Why graphs in half precision should not be run here; null where they should. */
  readonly noHalf: string | null;
  readonly verdict: Verdict | null;
  /** Resolves with the reason when the device is lost; never for one that cannot be. */
  readonly lost: Promise<string>;
  /** Share of freed memory that the system has again, 0 to 1; all of it without. */
  readonly returned?: number;
  /** What a person may want to know: limits and features. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  /** Copies numbers to where sessions want them. What is not of floats stays beside the device. */
  upload(type: ForeignType, dims: readonly number[], values: Float32Array | BigInt64Array): OrtTensor;
  /** Copies a tensor's numbers back, as float32; the tensor stays where it is. */
  download(tensor: OrtTensor): Promise<Float32Array>;
  /** A copy of a session's output that the session's end leaves alone; the tensor itself where it is so already. */
  detach(tensor: OrtTensor): OrtTensor;
  /** Null where tensors lie beside the device: a plain loop does it then. */
  readonly kernels: Kernels | null;
  load(graph: Graph, weights: Weights, signal?: AbortSignal): Promise<Loaded>;
  /** Loads a model of somebody else's, whose tensors lie beside the device. */
  loadModel(model: ForeignModel): Promise<Loaded>;
  /** Runs a job and throws what the device reports on the side meanwhile, such as memory that ran out. */
  watch<T>(job: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A place where onnxruntime runs. */
export interface Backend {
  readonly place: "browser" | "node";
  /** The provider that computes on the CPU here. */
  readonly cpu: "cpu" | "wasm";
  /** Whether "auto" tries WebGPU first. */
  readonly prefersGpu: boolean;
  /** Whether a job that does not end, or a crash, leaves onnxruntime unusable for all of this JavaScript realm. */
  readonly fragile: boolean;
  /** Bytes that this process may use at the most, for what computes on the CPU; null where nothing tells. */
  memory(): number | null;
  /** onnxruntime's version. Rejects where it is not installed or cannot start. */
  version(): Promise<string>;
  /** Opens a provider. Rejects with `webgpu-unavailable` where there is no WebGPU that computes rightly. */
  open(provider: Provider, options: OpenOptions): Promise<Device>;
}

/** The options that both backends give to every session, besides those of the device. */
export const sessionOptions = (options: InferenceSession.SessionOptions): InferenceSession.SessionOptions => ({
  graphOptimizationLevel: "all",
  // Nothing but what ends the process is printed: every error is thrown as well.
  logSeverityLevel: 4,
  ...options,
});

/** The same for a session of a graph of ours. */
export function graphOptions(
  graph: Graph,
  { extra, ...options }: InferenceSession.SessionOptions,
): InferenceSession.SessionOptions {
  // Both would widen weights in half precision once, while they are loaded, and hold them widened.
  const widening = "ConstantFolding;FuseFp16InitializerToFp32NodeTransformer";
  const kept = isHalved(graph) ? { optimization: { disable_specified_optimizers: widening } } : {};
  return sessionOptions({ ...options, extra: { ...extra, ...kept } });
}
