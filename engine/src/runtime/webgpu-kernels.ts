import type { Tensor as OrtTensor } from "onnxruntime-web";
import type { Kernels } from "./backend.ts";
import { type RowProduct, type ScaledSum, type ScaledTerm, sides } from "./scaled-sum.ts";
import { bytesOf, layoutOf, padded, type Region, regionOf, sumSettings } from "./webgpu-settings.ts";
import { GROUP, HEAD, type Layout, meanShader, productShader, type Shader, sumShader } from "./webgpu-shaders.ts";

// What we compute on a GPU ourselves, on onnxruntime's tensors where they lie: the sum that controls enter by, and the
// products that it is measured with. A call is one submission; strengths and masks go with it as data.

/** One dispatch: a kernel, its settings, the buffers behind them, and how many workgroups there are to do. */
interface Dispatch {
  readonly shader: Shader;
  readonly settings: Uint32Array<ArrayBuffer>;
  readonly regions: readonly Region[];
  readonly groups: number;
}

/** Makes a tensor of a buffer that goes with it. */
type Wrap = (buffer: GPUBuffer, type: "float32" | "float16", dims: readonly number[]) => OrtTensor;

/** Bindings of a sum that are no terms: settings, base, result. */
const FIXED = 3;

/** The kernels of a device. It keeps their pipelines, and no buffer beyond a call. */
export class WebgpuKernels implements Kernels {
  readonly #gpu: GPUDevice;
  readonly #wrap: Wrap;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  constructor(gpu: GPUDevice, wrap: Wrap) {
    this.#gpu = gpu;
    this.#wrap = wrap;
  }

  addScaled: Kernels["addScaled"] = (sums) =>
    this.#withTemporaries(async (temporary) => {
      const results: GPUBuffer[] = [];
      try {
        const dispatches = sums.flatMap((sum) => {
          const result = this.#region(padded(bytesOf(sum.base)), layoutOf(sum.base));
          results.push(result.buffer);
          return this.#sum(sum, result, temporary);
        });
        await this.#submit(dispatches, temporary);
        return sums.map(({ base }, n) =>
          this.#wrap(results[n] as GPUBuffer, base.type as "float32" | "float16", base.dims),
        );
      } catch (error) {
        for (const buffer of results) buffer.destroy();
        throw error;
      }
    });

  products: Kernels["products"] = (pairs) =>
    this.#withTemporaries(async (temporary) => {
      const dispatches = pairs.map((pair) => this.#product(pair, temporary));
      const results = dispatches.map(({ regions }) => regions.at(-1) as Region);
      const total = results.reduce((sum, { bytes }) => sum + bytes, 0);
      const target = temporary(this.#buffer(padded(total), GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST));
      await this.#submit(dispatches, temporary, (encoder) => {
        let at = 0;
        for (const { buffer, bytes } of results) {
          encoder.copyBufferToBuffer(buffer, 0, target, at, bytes);
          at += bytes;
        }
      });
      await target.mapAsync(GPUMapMode.READ);
      const mapped = target.getMappedRange();
      let at = 0;
      return results.map(({ bytes }, n) => {
        const count = (dispatches[n] as Dispatch).settings[0] as number;
        const numbers = new Float32Array(mapped, at, count).slice();
        at += bytes;
        return numbers;
      });
    });

  /** The dispatches that bring a sum into a buffer: more than one where a kernel cannot see all terms at once. */
  #sum(
    { base, terms }: ScaledSum<OrtTensor>,
    result: Region,
    temporary: (buffer: GPUBuffer) => GPUBuffer,
  ): readonly Dispatch[] {
    const [rows, channels, area] = sides(base);
    const count = rows * channels * area;
    const most = this.#gpu.limits.maxStorageBuffersPerShaderStage - FIXED;
    const passes = chunks(terms, most);
    // What is rounded to half precision is rounded once, at the end.
    let sum = result;
    if (passes.length > 1 && result.layout === "half") {
      sum = this.#region(padded(4 * count), "single");
      temporary(sum.buffer);
    }
    const dispatches: Dispatch[] = [];
    for (const [n, pass] of passes.entries()) {
      const from = n === 0 ? regionOf(base) : sum;
      const to = n === passes.length - 1 ? result : sum;
      const regions = pass.map((term) => {
        if (!term.pool) return regionOf(term.tensor);
        const mean = this.#mean(term, temporary);
        dispatches.push(mean);
        return { ...(mean.regions.at(-1) as Region), layout: "mean" } as const;
      });
      const layouts = regions.map(({ layout }) => layout);
      dispatches.push({
        shader: sumShader(from === to ? null : from.layout, to.layout, layouts),
        settings: sumSettings(rows, channels, area, pass),
        regions: [...(from === to ? [] : [from]), to, ...regions],
        groups: Math.ceil(count / (to.layout === "half" ? 2 : 1) / GROUP),
      });
    }
    return dispatches;
  }

  /** The means of a term over its places. */
  #mean({ tensor, mask }: ScaledTerm<OrtTensor>, temporary: (buffer: GPUBuffer) => GPUBuffer): Dispatch {
    const [rows, channels, area] = sides(tensor);
    const count = rows * channels;
    const means = this.#region(padded(4 * count), "single");
    temporary(means.buffer);
    const settings = new Uint32Array(HEAD + (mask?.length ?? 0));
    settings.set([count, channels, area, mask ? HEAD : 0]);
    if (mask) new Float32Array(settings.buffer).set(mask, HEAD);
    return { shader: meanShader(layoutOf(tensor)), settings, regions: [regionOf(tensor), means], groups: count };
  }

  #product({ one, other, rows }: RowProduct<OrtTensor>, temporary: (buffer: GPUBuffer) => GPUBuffer): Dispatch {
    const [, channels, area] = sides(one);
    const count = rows.length * area;
    const result = this.#region(padded(4 * count), "single");
    temporary(result.buffer);
    return {
      shader: productShader(layoutOf(one), layoutOf(other)),
      settings: Uint32Array.of(count, channels, area, 0, ...rows.flat()),
      regions: [regionOf(one), regionOf(other), result],
      groups: Math.ceil(count / GROUP),
    };
  }

  /** Runs dispatches one after the other, each seeing what those before it wrote, and copies after them. */
  async #submit(
    dispatches: readonly Dispatch[],
    temporary: (buffer: GPUBuffer) => GPUBuffer,
    copy?: (encoder: GPUCommandEncoder) => void,
  ): Promise<void> {
    const gpu = this.#gpu;
    const pipelines = await Promise.all(dispatches.map(({ shader }) => this.#pipeline(shader)));
    // All settings in one buffer, each where a binding may begin.
    const align = gpu.limits.minStorageBufferOffsetAlignment;
    const offsets: number[] = [];
    let total = 0;
    for (const { settings } of dispatches) {
      offsets.push(total);
      total += Math.ceil(settings.byteLength / align) * align;
    }
    const buffer = temporary(this.#buffer(padded(total), GPUBufferUsage.STORAGE, true));
    const mapped = new Uint8Array(buffer.getMappedRange());
    for (const [n, { settings }] of dispatches.entries())
      mapped.set(new Uint8Array(settings.buffer), offsets[n] as number);
    buffer.unmap();
    const encoder = gpu.createCommandEncoder({ label: "underdraw" });
    const pass = encoder.beginComputePass();
    const widest = gpu.limits.maxComputeWorkgroupsPerDimension;
    for (const [n, { settings, regions, groups }] of dispatches.entries()) {
      if (groups === 0) continue;
      const pipeline = pipelines[n] as GPUComputePipeline;
      const bound = [{ buffer, offset: offsets[n] as number, size: settings.byteLength }, ...regions.map(bindingOf)];
      pass.setPipeline(pipeline);
      pass.setBindGroup(
        0,
        gpu.createBindGroup({
          layout: pipeline.getBindGroupLayout(0),
          entries: bound.map((resource, at) => ({ binding: at, resource })),
        }),
      );
      const across = Math.min(groups, widest);
      pass.dispatchWorkgroups(across, Math.ceil(groups / across));
    }
    pass.end();
    copy?.(encoder);
    gpu.queue.submit([encoder.finish()]);
  }

  /** A kernel, compiled once. */
  #pipeline({ name, code }: Shader): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(name);
    if (known) return known;
    const label = `underdraw ${name}`;
    const module = this.#gpu.createShaderModule({ label, code });
    const made = this.#gpu
      .createComputePipelineAsync({ label, layout: "auto", compute: { module, entryPoint: "main" } })
      .catch(async (error: unknown) => {
        // Why a text is refused stands beside it, not in the error.
        const { messages } = await module.getCompilationInfo();
        const [first] = messages.filter(({ type }) => type === "error");
        throw first ? new Error(`${first.message} (${label}, line ${first.lineNum})`, { cause: error }) : error;
      });
    this.#pipelines.set(name, made);
    // What could not be compiled for want of memory may be the next time.
    made.catch(() => this.#pipelines.delete(name));
    return made;
  }

  #region(bytes: number, layout: Layout): Region {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return { buffer: this.#buffer(bytes, usage), bytes, layout };
  }

  #buffer(size: number, usage: GPUBufferUsageFlags, mappedAtCreation = false): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#gpu.limits;
    const most = usage & GPUBufferUsage.STORAGE ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
    if (size > most) throw new Error(`out of memory: a buffer of size ${size} is above the device's limit of ${most}`);
    return this.#gpu.createBuffer({ size, usage, mappedAtCreation });
  }

  /** Frees what was needed on the way. What is submitted still sees it. */
  async #withTemporaries<T>(work: (temporary: (buffer: GPUBuffer) => GPUBuffer) => Promise<T>): Promise<T> {
    const buffers: GPUBuffer[] = [];
    try {
      return await work((buffer) => {
        buffers.push(buffer);
        return buffer;
      });
    } finally {
      for (const buffer of buffers) buffer.destroy();
    }
  }
}

const bindingOf = ({ buffer, bytes }: Region): GPUBufferBinding => ({ buffer, size: bytes });

/** Terms in groups of as many as a kernel can see; one empty group for none. */
function chunks<T>(terms: readonly T[], most: number): readonly (readonly T[])[] {
  const count = Math.max(1, Math.ceil(terms.length / most));
  return Array.from({ length: count }, (_, n) => terms.slice(n * most, (n + 1) * most));
}
