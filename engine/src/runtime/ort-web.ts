import type * as Ort from "onnxruntime-web";
import type { Graph, Weights } from "../graph/graph.ts";
import { onnxBytes } from "../graph/onnx.ts";
import { graphOptions, type Loaded, type OpenOptions, sessionOptions } from "./backend.ts";
import type { ForeignModel } from "./runtime.ts";
import { weightFiles } from "./weight-file.ts";

// onnxruntime-web: its own WebGPU provider (C++), and its CPU provider compiled to wasm, both in one .wasm file. The
// package's main entry is an older WebGPU provider with other faults and is never loaded. With JSPI the .wasm file is
// 10 MB smaller; without, the asyncify build does the same.

/** onnxruntime-web, loaded. */
export type OrtModule = typeof Ort;

let loading: Promise<OrtModule> | undefined;

/** Whether WebAssembly can wait for promises by itself. */
export const jspi = (): boolean => "Suspending" in WebAssembly;

/**
 * Where a page is isolated, wasm may use threads; elsewhere there is no shared memory for them. They start from a file
 * that they fetch.
 */
function threadsFor({ threads, assets }: OpenOptions): number {
  if (!globalThis.crossOriginIsolated || typeof assets === "function") return 1;
  return threads ?? Math.min(4, Math.ceil(navigator.hardwareConcurrency / 2));
}

/**
 * Loads onnxruntime-web, once in a realm. Without `assets` it looks for its .wasm file beside its own script, which is
 * right unbundled and where a bundler carries `new URL("x.wasm", import.meta.url)` along. The threads and the address of
 * the first call count: onnxruntime reads them once.
 */
export function loadOrt(options: OpenOptions): Promise<OrtModule> {
  loading ??= (async () => {
    const ort: OrtModule = jspi() ? await import("onnxruntime-web/jspi") : await import("onnxruntime-web/webgpu");
    const threads = threadsFor(options);
    ort.env.logLevel = "fatal";
    ort.env.wasm.numThreads = threads;
    const name = `ort-wasm-simd-threaded.${jspi() ? "jspi" : "asyncify"}`;
    if (typeof options.assets === "function") {
      ort.env.wasm.wasmBinary = await options.assets(`${name}.wasm`);
    } else if (options.assets !== undefined) {
      const folder = new URL(options.assets.replace(/\/?$/, "/"), globalThis.location?.href);
      const wasm = new URL(`${name}.wasm`, folder).href;
      // The script that starts the .wasm file is in the bundle already; only threads start from a file of its own.
      ort.env.wasm.wasmPaths = threads > 1 ? { wasm, mjs: new URL(`${name}.mjs`, folder).href } : { wasm };
    }
    return ort;
  })();
  // What could not be read may be there the next time.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

/** Loads a graph whose weights are pulled through virtual files, for both providers of onnxruntime-web. */
export async function loadGraph(
  ort: OrtModule,
  graph: Graph,
  weights: Weights,
  options: Ort.InferenceSession.SessionOptions,
  signal?: AbortSignal,
): Promise<Loaded> {
  const source = weightFiles(graph, weights, { signal });
  try {
    const session = await ort.InferenceSession.create(onnxBytes(graph, source.locate), {
      ...graphOptions(graph, options),
      ...(source.files.length > 0 ? { externalData: source.files } : {}),
    });
    return { run: (feeds) => session.run(feeds), release: () => session.release() };
  } catch (error) {
    throw source.failure ? source.failure.error : error;
  } finally {
    source.close();
  }
}

/** Loads a whole model, for both providers of onnxruntime-web. */
export async function loadModel(
  ort: OrtModule,
  { bytes }: ForeignModel,
  options: Ort.InferenceSession.SessionOptions,
): Promise<Loaded> {
  const session = await ort.InferenceSession.create(bytes, sessionOptions(options));
  return { run: (feeds) => session.run(feeds), release: () => session.release() };
}
