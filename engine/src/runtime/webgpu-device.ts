import type * as Ort from "onnxruntime-web";
import { UnderdrawError } from "../core/errors.ts";
import { elements, type Graph } from "../graph/graph.ts";
import type { Device, Kernels, Loaded, OpenOptions, Verdict } from "./backend.ts";
import { textOf } from "./failure.ts";
import { loadGraph, loadModel, type OrtModule } from "./ort-web.ts";
import { ATTENTION_BOUND, HALF_BOUND, selfTest } from "./self-test.ts";
import { cpuTensor, numbersOf, packed, unpacked } from "./tensor-data.ts";
import { WebgpuKernels } from "./webgpu-kernels.ts";
import { padded } from "./webgpu-settings.ts";

// A GPUDevice of our own (or one that is shared with us) as a place for tensors and sessions. It is opened with what the
// adapter can do, tested, and opened again without subgroups when attention is wrong with them.

/** What is asked of an adapter as far as it goes; a limit that is not asked for is the default, which is small. */
const limitNames = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBuffersPerShaderStage",
] as const;

/** Verdicts of this realm by adapter, so that a device that is opened again is not tested again. */
const verdicts = new Map<string, Verdict>();

const unavailable = (reason: string, cause?: unknown): UnderdrawError<"webgpu-unavailable"> =>
  new UnderdrawError(
    "webgpu-unavailable",
    `WebGPU cannot be used: ${reason}. Update the browser and the graphics driver, or compute on the CPU (device "cpu").`,
    { reason },
    { cause },
  );

async function requestDevice(subgroups: boolean, software: boolean): Promise<GPUDevice> {
  if (!navigator.gpu)
    throw unavailable(
      globalThis.isSecureContext ? "this browser has none" : "this page is not secure (neither https nor localhost)",
    );
  // A request consumes its adapter: a new one each time.
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw unavailable("the browser found no graphics adapter");
  // A graphics adapter in software computes some 40 times slower than the WebAssembly that "auto" falls back to.
  if (!software && (adapter.info as Partial<GPUAdapterInfo> | undefined)?.isFallbackAdapter)
    throw unavailable("the only graphics adapter is one in software, slower than the processor itself");
  const features = ["shader-f16", ...(subgroups ? ["subgroups"] : [])].filter((name) =>
    adapter.features.has(name as GPUFeatureName),
  );
  const limits = limitNames.map((name) => [name, adapter.limits[name]] as const);
  try {
    return await adapter.requestDevice({
      requiredFeatures: features as GPUFeatureName[],
      // Some limits are younger than some browsers.
      requiredLimits: Object.fromEntries(limits.filter(([, value]) => value !== undefined)),
    });
  } catch (error) {
    throw unavailable(`the adapter gave no device (${textOf(error)})`, error);
  }
}

/** An adapter in words. Not every browser fills every field in, or has the record at all. */
function adapterName(gpu: GPUDevice): string {
  const info: Partial<GPUAdapterInfo> = gpu.adapterInfo ?? {};
  const name = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(" ");
  return name || "a graphics adapter that gives no name";
}

class WebgpuDevice implements Device {
  readonly provider = "webgpu";
  readonly about: string;
  readonly lost: Promise<string>;
  noHalf: string | null = null;
  verdict: Verdict | null = null;
  readonly kernels: Kernels;
  readonly gpu: GPUDevice;
  readonly #ort: OrtModule;
  readonly #own: boolean;
  readonly #strict: boolean;
  #keeper: Loaded | null = null;
  #uploads: Promise<GPUError | null> = Promise.resolve(null);

  constructor(ort: OrtModule, gpu: GPUDevice, { own, strict }: { own: boolean; strict: boolean }) {
    this.#ort = ort;
    this.gpu = gpu;
    this.#own = own;
    this.#strict = strict;
    this.about = adapterName(gpu);
    this.kernels = new WebgpuKernels(gpu, (...what) => this.#tensor(...what));
    this.lost = gpu.lost.then(({ reason, message }) => message || reason || "for no stated reason");
  }

  get facts(): Readonly<Record<string, string | number | boolean>> {
    const { features, limits } = this.gpu;
    return {
      float16: features.has("shader-f16"),
      subgroups: features.has("subgroups"),
      ...Object.fromEntries(limitNames.map((name) => [name, limits[name] ?? 0])),
    };
  }

  get #options(): Ort.InferenceSession.SessionOptions {
    return {
      executionProviders: [{ name: "webgpu", device: this.gpu }],
      preferredOutputLocation: "gpu-buffer",
      ...(this.#strict ? { extra: { session: { disable_cpu_ep_fallback: "1" } } } : {}),
    };
  }

  /** A session of one node that lives as long as the device: releasing the last one would destroy onnxruntime's side. */
  async keep(): Promise<void> {
    const x = { name: "x", type: "float32", dims: [1] } as const;
    const y = { ...x, name: "y" };
    const graph: Graph = {
      name: "keeper",
      precision: "float32",
      inputs: [x],
      outputs: [y],
      nodes: [{ op: "Sigmoid", domain: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
      constants: [],
      weights: [],
      values: new Map([x, y].map((value) => [value.name, value])),
    };
    this.#keeper = await this.load(graph, { read: () => {} });
  }

  upload: Device["upload"] = (type, dims, values) => {
    // Shapes are read on the CPU; what else is not of floats goes into models of somebody else's, which put it there.
    if (type !== "float32" && type !== "float16") return cpuTensor(this.#ort, type, dims, values);
    const data = packed(type, values);
    const size = padded(data.byteLength);
    const most = Math.min(this.gpu.limits.maxBufferSize, this.gpu.limits.maxStorageBufferBindingSize);
    if (size > most) throw new Error(`out of memory: a buffer of size ${size} is above the device's limit of ${most}`);
    this.gpu.pushErrorScope("out-of-memory");
    const buffer = this.gpu.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      mappedAtCreation: true,
    });
    new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    buffer.unmap();
    // Whether there was memory is known later: the next job tells.
    this.#uploads = Promise.all([this.#uploads, this.gpu.popErrorScope()]).then(
      ([before, now]) => before ?? now,
      () => null,
    );
    return this.#tensor(buffer, type, dims);
  };

  download: Device["download"] = async (tensor) => {
    // What is empty comes back beside the device, whatever was asked.
    if (tensor.location !== "gpu-buffer") return numbersOf(tensor);
    const count = elements(tensor.dims);
    const bytes = count * (tensor.type === "float16" ? 2 : 4);
    // Not `getData`: that moves the tensor to the CPU for good.
    const target = this.gpu.createBuffer({
      size: padded(bytes),
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = this.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(tensor.gpuBuffer as GPUBuffer, 0, target, 0, Math.ceil(bytes / 4) * 4);
      this.gpu.queue.submit([encoder.finish()]);
      await target.mapAsync(GPUMapMode.READ);
      return unpacked(tensor.type, new Uint8Array(target.getMappedRange(), 0, bytes));
    } finally {
      target.destroy();
    }
  };

  detach: Device["detach"] = (tensor) => {
    if (tensor.location !== "gpu-buffer") return tensor;
    // onnxruntime's own buffer goes back to its session, which crashes when that is gone.
    const source = tensor.gpuBuffer as GPUBuffer;
    const size = Math.min(source.size, padded(elements(tensor.dims) * (tensor.type === "float16" ? 2 : 4)));
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.gpu.createBuffer({ size, usage });
    const encoder = this.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, buffer, 0, size);
    this.gpu.queue.submit([encoder.finish()]);
    return this.#tensor(buffer, tensor.type as "float32" | "float16", tensor.dims);
  };

  #tensor(buffer: GPUBuffer, dataType: "float32" | "float16", dims: readonly number[]): Ort.Tensor {
    return this.#ort.Tensor.fromGpuBuffer(buffer, { dataType, dims, dispose: () => buffer.destroy() });
  }

  /** What such a model gives may be of any type, and a buffer of the device holds floats alone. */
  loadModel: Device["loadModel"] = (model) => {
    const { executionProviders = [] } = this.#options;
    return loadModel(this.#ort, model, { executionProviders });
  };

  load: Device["load"] = (graph, weights, signal) => loadGraph(this.#ort, graph, weights, this.#options, signal);

  watch: Device["watch"] = async (job) => {
    this.gpu.pushErrorScope("validation");
    this.gpu.pushErrorScope("out-of-memory");
    const result = await job().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const scopes = await Promise.all([this.gpu.popErrorScope(), this.gpu.popErrorScope()]).catch(() => []);
    const memory = (await this.#uploads) ?? scopes[0];
    const invalid = scopes[1];
    this.#uploads = Promise.resolve(null);
    // Memory that ran out comes first: what is invalid, or throws, after that is its consequence.
    if (memory) throw new Error(`out of memory: ${memory.message}`, "error" in result ? { cause: result.error } : {});
    if ("error" in result) throw result.error;
    if (invalid) throw new Error(invalid.message);
    return result.value;
  };

  async close(): Promise<void> {
    await this.#keeper?.release();
    this.#keeper = null;
    if (this.#own) this.gpu.destroy();
  }
}

/** Opens a device that computes rightly, or rejects with `webgpu-unavailable` and why there is none. */
export async function openWebgpu(ort: OrtModule, options: OpenOptions): Promise<Device> {
  const { gpu: shared, strict = false, untested = false } = options;
  const name = (gpu: GPUDevice, subgroups: boolean): string =>
    [adapterName(gpu), gpu.adapterInfo?.vendor, gpu.features.has("shader-f16"), subgroups].join(" | ");
  for (const wanted of [true, false]) {
    const gpu = shared ?? (await requestDevice(wanted, options.device === "webgpu"));
    const subgroups = gpu.features.has("subgroups");
    const device = new WebgpuDevice(ort, gpu, { own: !shared, strict });
    try {
      const half = gpu.features.has("shader-f16");
      const verdict = untested ? null : (verdicts.get(name(gpu, subgroups)) ?? (await selfTest(device, half)));
      if (verdict) verdicts.set(name(gpu, subgroups), verdict);
      if (verdict && !(verdict.attentionError < ATTENTION_BOUND)) {
        await device.close();
        if (subgroups && !shared) continue;
        const without = subgroups ? '; make the shared device without the feature "subgroups"' : "";
        throw unavailable(`attention computes wrong numbers on ${device.about}${without}`);
      }
      device.verdict = verdict;
      if (!half) device.noHalf = `${device.about} has no half precision (shader-f16)`;
      else if (verdict && !((verdict.halfError ?? Number.POSITIVE_INFINITY) < HALF_BOUND))
        device.noHalf = `half precision computes wrong numbers on ${device.about}`;
      await device.keep();
      return device;
    } catch (error) {
      await device.close().catch(() => {});
      throw error;
    }
  }
  throw unavailable("no device of the adapter computes attention rightly");
}
