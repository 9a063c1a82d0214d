import { UnderdrawError } from "../core/errors.ts";
import type { Backend, Device, OpenOptions } from "./backend.ts";
import { jspi, loadGraph, loadModel, loadOrt } from "./ort-web.ts";
import { cpuTensor, numbersOf } from "./tensor-data.ts";
import { openWebgpu } from "./webgpu-device.ts";

/** How long wasm may hold its thread before others get a turn, in ms. */
const HELD = 20;
let breathed = 0;

/**
 * Lets the thread's other tasks run after a job on wasm: its promises settle without ever leaving the thread, so that a
 * worker would not hear that its picture is to be stopped, or looked at, before it is done.
 */
async function breath(): Promise<void> {
  if (performance.now() - breathed < HELD) return;
  // No timer: browsers slow those of pages that nobody sees down to one a second, and fewer.
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
  port1.close();
  breathed = performance.now();
}

async function openWasm(options: OpenOptions): Promise<Device> {
  const ort = await loadOrt(options);
  const threads = ort.env.wasm.numThreads ?? 1;
  return {
    provider: "wasm",
    about: `WebAssembly on the CPU, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    noHalf: "half precision is slower than float32 on a CPU",
    verdict: null,
    lost: new Promise(() => {}),
    facts: { threads, crossOriginIsolated: globalThis.crossOriginIsolated === true, jspi: jspi() },
    upload: (type, dims, values) => cpuTensor(ort, type, dims, values),
    download: async (tensor) => numbersOf(tensor),
    detach: (tensor) => tensor,
    kernels: null,
    load: (graph, weights, signal) => loadGraph(ort, graph, weights, { executionProviders: ["wasm"] }, signal),
    loadModel: (model) => loadModel(ort, model, { executionProviders: ["wasm"] }),
    watch: (job) => job().finally(breath),
    close: async () => {},
  };
}

/** onnxruntime in a browser. */
export const backend: Backend = {
  place: "browser",
  cpu: "wasm",
  prefersGpu: true,
  fragile: true,
  memory() {
    const { deviceMemory } = globalThis.navigator as { readonly deviceMemory?: number };
    // Gibibytes, brought to the nearest power of two and to 8 at the most (W3C Device Memory): there may be half as much more.
    return deviceMemory !== undefined && deviceMemory < 8 ? 1.5 * deviceMemory * 2 ** 30 : null;
  },
  async version() {
    const ort = await loadOrt({});
    return ort.env.versions.web ?? ort.env.versions.common;
  },
  async open(provider, options) {
    if (provider === "wasm") return openWasm(options);
    if (provider === "webgpu") return openWebgpu(await loadOrt(options), options);
    throw new UnderdrawError(
      "runtime-failed",
      `The provider "${provider}" failed to open: it is for Node. Take "webgpu" or "cpu" (wasm) in a browser.`,
      { what: `Opening ${provider}`, reason: "it is for Node" },
    );
  },
};
