import type { Dim, ForeignType, Graph, Precision, Weights } from "../graph/graph.ts";
import type { RowProduct, ScaledSum } from "./scaled-sum.ts";

// The one room that knows onnxruntime. Above it the engine is the same in a browser and in Node: it opens graphs,
// makes tensors and runs sessions. Every run and load goes through one queue, since two at once hang onnxruntime-web.

/** Who computes. */
export type Provider = "cpu" | "wasm" | "webgpu";

/** How a runtime is opened. */
export interface RuntimeOptions {
  /**
   * "auto" (the default): WebGPU in a browser where it works, else wasm; the CPU provider in Node.
   * "webgpu": that or an error that says why not. "cpu": the CPU provider in Node, wasm in a browser.
   */
  readonly device?: "auto" | "cpu" | "webgpu";
  /** A device to share; it is not destroyed with the runtime. Browsers only. */
  readonly gpu?: GPUDevice;
  /** Half precision where the device has it ("auto" takes it on WebGPU), or as asked. */
  readonly precision?: "auto" | Precision;
  /**
   * Threads of the CPU providers. In Node one for each physical core by default. In a browser more than one only where the
   * page is cross-origin isolated, and the first runtime of a realm decides.
   */
  readonly threads?: number;
  /**
   * Longest time for one load or one run before the runtime counts as lost. Milliseconds; 10 minutes by default. On a CPU
   * a run blocks its thread, so that the time is looked at when it ends.
   */
  readonly timeoutMs?: number;
  /**
   * Browsers: the address of the folder that holds onnxruntime's .wasm files (and, for threads, its .mjs files). Without
   * it they are looked for beside onnxruntime's own script. A page that can fetch nothing gives a reader instead, which
   * gets a file's name and gives its bytes; there is then one thread. The first runtime of a realm decides.
   */
  readonly assets?: string | ((file: string) => Promise<Uint8Array>);
}

/** Numbers for or from a session, on the device or beside it. An output outlives its session. */
export interface Tensor {
  readonly type: ForeignType;
  readonly dims: readonly number[];
  /** Frees it. May be called twice. */
  dispose(): void;
}

/** A graph, loaded and ready to run. */
export interface Session {
  readonly name: string;
  /**
   * Runs once. Inputs stay the caller's; outputs are the caller's to dispose. Rejects with the signal's reason before the
   * run, `runtime-failed`, `out-of-memory`, `timeout`, `device-lost`, `disposed`; throws a TypeError or RangeError for
   * inputs that are not the graph's.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Record<string, Tensor>>;
  /** How often it ran. */
  readonly runs: number;
  /** Frees the session's weights, after the runs that were asked for. May be called twice. */
  release(): Promise<void>;
}

/** An ONNX model of somebody else's, whole, with what it says of its inputs. */
export interface ForeignModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** `dims` is null where the file does not tell them. */
  readonly inputs: readonly {
    readonly name: string;
    readonly type: ForeignType;
    readonly dims: readonly Dim[] | null;
  }[];
}

/** An open device with its queue. */
export interface Runtime {
  readonly provider: Provider;
  readonly precision: Precision;
  /** The adapter, or the CPU, in words. */
  readonly about: string;
  /** Why something better was not taken: a sentence for the person, or null. */
  readonly fallback: string | null;
  /** Bytes that there are for all together, and for one tensor; null where nobody tells. */
  readonly memory: {
    readonly total: number | null;
    readonly tensor: number | null;
    /** Share of what is freed that the system has again, 0 to 1; all of it without. */
    readonly returned?: number;
  };
  /** Set when the device was lost or onnxruntime crashed: every later call rejects with it, and a new runtime is needed. */
  readonly lost: Error | null;
  /** Copies numbers to a tensor. They are given as float32, but for int64, and brought to the tensor's type. */
  tensor(type: ForeignType, dims: readonly number[], values: Float32Array | BigInt64Array): Tensor;
  /** Copies a tensor's numbers back, as float32. The tensor stays usable. */
  read(tensor: Tensor): Promise<Float32Array>;
  /**
   * The sums as new tensors, of their base's type; see `ScaledSum`. No session is made for it. Rejects as `Session.run`,
   * and with a TypeError or RangeError for tensors, rows, strengths or masks that do not fit.
   */
  addScaled(sums: readonly ScaledSum[], options?: { readonly signal?: AbortSignal }): Promise<Tensor[]>;
  /**
   * For each pair of tensors, the sum of their product over the channels, for each pair of rows and each place:
   * [rows x height x width] in float32, copied back. Rejects as `addScaled`.
   */
  products(pairs: readonly RowProduct[], options?: { readonly signal?: AbortSignal }): Promise<Float32Array[]>;
  /**
   * Loads a graph: `weights` are pulled one by one, some perhaps twice. What `read` throws with a code of ours, the call
   * rejects with; otherwise with the signal's reason, `runtime-failed`, `out-of-memory`, `timeout`, `device-lost`, or in
   * Node `file-unwritable` when there is no room to lay the weights out.
   */
  open(graph: Graph, weights: Weights, options?: { readonly signal?: AbortSignal }): Promise<Session>;
  /** Loads a model of somebody else's. Rejects as `open` does; `runtime-failed` for one that onnxruntime cannot run. */
  openModel(model: ForeignModel, options?: { readonly signal?: AbortSignal }): Promise<Session>;
  /** Frees everything, after the job that runs; what waits is refused. May be called twice. */
  dispose(): Promise<void>;
}
