import { availableParallelism, cpus, totalmem } from "node:os";
import type * as Ort from "onnxruntime-node";
import { UnderdrawError } from "../core/errors.ts";
import { type Backend, type Device, graphOptions, type Loaded, type OpenOptions, sessionOptions } from "./backend.ts";
import { textOf } from "./failure.ts";
import { ATTENTION_BOUND, HALF_BOUND, selfTest } from "./self-test.ts";
import { cpuTensor, numbersOf } from "./tensor-data.ts";
import { inFiles, writeWeights } from "./weights-node.ts";

// onnxruntime-node: the CPU provider, and WebGPU (Dawn inside the package) when it is asked for. `create` and `run` are
// synchronous inside, so that timers, aborts and sockets are heard between them and not during them.

type OrtModule = typeof Ort;

let loading: Promise<OrtModule> | undefined;

function loadOrt(): Promise<OrtModule> {
  loading ??= import("onnxruntime-node").then(
    (module) => {
      module.env.logLevel = "fatal";
      return module;
    },
    (error: unknown) => {
      loading = undefined;
      const reason = textOf(error);
      throw new UnderdrawError(
        "runtime-failed",
        `Loading onnxruntime-node failed: ${reason}. Install it beside the engine: npm install onnxruntime-node@1.30.0`,
        { what: "Loading onnxruntime-node", reason },
        { cause: error },
      );
    },
  );
  return loading;
}

/**
 * A device over sessions with these options. Its tensors lie in the memory of the process, with WebGPU too: a tensor that
 * onnxruntime-node 1.30 leaves in a GPU buffer ends the process when it is read (measured).
 */
function sessionDevice(
  ort: OrtModule,
  options: Ort.InferenceSession.SessionOptions,
  about: Pick<Device, "provider" | "about" | "facts">,
): Device {
  return {
    ...about,
    noHalf: null,
    verdict: null,
    lost: new Promise(() => {}),
    upload: (type, dims, values) => cpuTensor(ort, type, dims, values),
    download: async (tensor) => numbersOf(tensor),
    detach: (tensor) => tensor,
    kernels: null,
    async load(graph, weights, signal): Promise<Loaded> {
      const model = await writeWeights(graph, weights, signal);
      let removed = false;
      try {
        const session = await ort.InferenceSession.create(model.bytes, inFiles(model, graphOptions(graph, options)));
        removed = await model.remove();
        return {
          run: (feeds) => session.run(feeds),
          release: async () => {
            await session.release();
            // Windows keeps a file while it is mapped.
            if (!removed) removed = await model.remove();
          },
        };
      } catch (error) {
        await model.remove();
        throw error;
      }
    },
    async loadModel({ bytes }): Promise<Loaded> {
      const session = await ort.InferenceSession.create(bytes, sessionOptions(options));
      return { run: (feeds) => session.run(feeds), release: () => session.release() };
    },
    watch: (job) => job(),
    close: async () => {},
  };
}

/**
 * glibc keeps most of what sessions free: a model of 586 MB took 712 MB, and 670 MB when it was freed. Started with
 * MALLOC_MMAP_THRESHOLD_=65536 in its environment, the process held 60 MB then (measured).
 */
function returnedShare(): number {
  const isGlibc = process.platform === "linux";
  const threshold = Number(process.env["MALLOC_MMAP_THRESHOLD_"] ?? Number.NaN);
  return isGlibc && !(threshold <= 1 << 16) ? 0.05 : 0.9;
}

async function openCpu({ threads }: OpenOptions): Promise<Device> {
  const ort = await loadOrt();
  const options = {
    executionProviders: ["cpu"],
    // Without its arena onnxruntime asks the system's allocator for each tensor, and glibc keeps what is freed in pieces
    // that no later tensor fits: a picture of 512 x 512 by the pack then peaks at 489 MB instead of 294, and holds 422 MB
    // after it (measured). Each session keeps what its largest run took; who needs it parks the network. As fast either way.
    enableCpuMemArena: true,
    enableMemPattern: false,
    // Each session has threads of its own, and those of an idle one spin for work, by default for tens of milliseconds:
    // three sessions a step then fight each other for the cores. As long as the pause between two operations is enough.
    // Measured on two cores: with this a step of the pack takes 18 ms, without spinning 25, by default 41; one of half of
    // Stable Diffusion's width 0.57 s instead of 0.69; beside other work it is as fast as without (bench/README.md).
    extra: { session: { intra_op: { allow_spinning: "1", spin_duration_us: "50" } } },
    // Without a number onnxruntime takes one thread for each physical core.
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
  const model = cpus()[0]?.model.trim() || "a CPU that gives no name";
  const device = sessionDevice(ort, options, {
    provider: "cpu",
    about: threads === undefined ? model : `${model}, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    facts: { threads: threads ?? "one for each physical core", processors: availableParallelism() },
  });
  // Measured: half precision is computed in float32 between casts, and takes five times its own weights of memory.
  return {
    ...device,
    returned: returnedShare(),
    noHalf: "half precision is slower than float32 on a CPU, and takes more memory",
  };
}

const unavailable = (reason: string, cause?: unknown): UnderdrawError<"webgpu-unavailable"> =>
  new UnderdrawError(
    "webgpu-unavailable",
    `WebGPU cannot be used in Node: ${reason}. Compute on the CPU (device "cpu"), or in a browser.`,
    { reason },
    { cause },
  );

async function openWebgpu({ strict = false, untested = false }: OpenOptions): Promise<Device> {
  const ort = await loadOrt();
  const options = {
    executionProviders: ["webgpu"],
    ...(strict ? { extra: { session: { disable_cpu_ep_fallback: "1" } } } : {}),
  };
  // onnxruntime-node tells nothing of its adapter, and there is no way to open it without subgroups.
  const device = sessionDevice(ort, options, { provider: "webgpu", about: "WebGPU (Dawn)", facts: {} });
  if (untested) return device;
  const verdict = await selfTest(device, true).catch((error: unknown) => {
    // What stands before is a place in onnxruntime's source and the condition that failed there.
    throw unavailable(
      textOf(error)
        .replace(/^.*? was false\. /s, "")
        .replace(/[\s.]+$/, ""),
      error,
    );
  });
  if (!(verdict.attentionError < ATTENTION_BOUND))
    throw unavailable("attention computes wrong numbers on this adapter");
  const half = (verdict.halfError ?? Number.POSITIVE_INFINITY) < HALF_BOUND;
  return { ...device, verdict, noHalf: half ? null : "half precision is missing on this adapter, or computes wrongly" };
}

/** onnxruntime in Node. */
export const backend: Backend = {
  place: "node",
  cpu: "cpu",
  prefersGpu: false,
  fragile: false,
  memory() {
    const limit = process.constrainedMemory?.() ?? 0; // a container's; "none" is told as 0 or as more than the machine's
    return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  },
  async version() {
    const { env } = await loadOrt();
    return env.versions.node ?? env.versions.common;
  },
  async open(provider, options) {
    if (provider === "cpu") return openCpu(options);
    if (provider === "webgpu") return openWebgpu(options);
    throw new UnderdrawError(
      "runtime-failed",
      `The provider "${provider}" failed to open: it is for browsers. Take "cpu" or "webgpu" in Node.`,
      { what: `Opening ${provider}`, reason: "it is for browsers" },
    );
  },
};
