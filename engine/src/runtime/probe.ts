import { backend } from "#backend";
import type { Precision } from "../graph/graph.ts";
import type { Verdict } from "./backend.ts";
import { DeviceRuntime } from "./device-runtime.ts";
import { textOf } from "./failure.ts";
import { openRuntime } from "./open-runtime.ts";
import type { Provider, RuntimeOptions } from "./runtime.ts";

// What this machine can do, found out by doing it: each provider is opened, tested and closed again.

/** What one provider can do here, or why it cannot. */
export interface ProviderReport {
  readonly provider: Provider;
  readonly works: boolean;
  /** Why it does not work; null when it does. */
  readonly reason: string | null;
  /** The adapter or the CPU, in words; null when it does not work. */
  readonly about: string | null;
  /** The precision that "auto" takes. */
  readonly precision: Precision | null;
  /** Why that is not half precision; null when it is, or nothing works. */
  readonly noHalf: string | null;
  /** What the self-test measured: largest errors relative to the largest value. */
  readonly verdict: Verdict | null;
  /** Threads, limits and features. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** What a browser lets this page keep. */
export interface StorageReport {
  /** Whether there is a file system of the page's own (OPFS), for downloaded models. */
  readonly files: boolean;
  /** Whether the browser promised not to take it away. */
  readonly persisted: boolean;
  /** Bytes used, and bytes at most, as the browser estimates them. */
  readonly usage: number | null;
  readonly quota: number | null;
}

/** What this machine can do. Plain data. */
export interface DeviceReport {
  readonly place: "browser" | "node";
  /** The version of onnxruntime, or null when it does not start. */
  readonly onnxruntime: string | null;
  readonly cpu: ProviderReport;
  readonly webgpu: ProviderReport;
  /** Null in Node. */
  readonly storage: StorageReport | null;
}

async function probeProvider(device: "cpu" | "webgpu", options: RuntimeOptions): Promise<ProviderReport> {
  const provider = device === "cpu" ? backend.cpu : device;
  try {
    const runtime = await openRuntime({ ...options, device });
    try {
      const { noHalf, verdict, facts } = runtime instanceof DeviceRuntime ? runtime.device : noDetails;
      const { about, precision } = runtime;
      return { provider, works: true, reason: null, about, precision, noHalf, verdict, facts };
    } finally {
      await runtime.dispose();
    }
  } catch (error) {
    const reason = textOf(error);
    return { provider, works: false, reason, about: null, precision: null, noHalf: null, verdict: null, facts: {} };
  }
}

const noDetails = { noHalf: null, verdict: null, facts: {} };

async function probeStorage(): Promise<StorageReport | null> {
  if (backend.place === "node") return null;
  const storage = globalThis.navigator?.storage;
  // Each of these is refused in some frames: a sandboxed one has no storage at all.
  const files = await Promise.resolve(storage?.getDirectory?.()).then(
    (folder) => folder !== undefined,
    () => false,
  );
  const persisted = (await storage?.persisted?.().catch(() => false)) ?? false;
  const estimate = await storage?.estimate?.().catch(() => null);
  return { files, persisted, usage: estimate?.usage ?? null, quota: estimate?.quota ?? null };
}

/** Finds out what this machine can do, and why not. Takes some seconds: providers are opened and tested. */
export async function probeDevices(options: RuntimeOptions = {}): Promise<DeviceReport> {
  const cpu = await probeProvider("cpu", options);
  const webgpu = await probeProvider("webgpu", options);
  const onnxruntime = await backend.version().catch(() => null);
  return { place: backend.place, onnxruntime, cpu, webgpu, storage: await probeStorage() };
}
