import type { Precision } from "./graph/index.ts";
import type { Provider } from "./runtime/runtime.ts";

// What a provider of onnxruntime takes besides what is in the graphs. The figures of the CPU provider are measured in Node
// by bench/memory.ts (resident size on Linux, onnxruntime 1.30); those of the others follow the same sums where they are
// measured, and are the best guess elsewhere: a browser tells nobody what it has.

/** What one provider takes. */
export interface Overhead {
  /** Bytes for onnxruntime itself and its sessions, whatever they hold. */
  readonly fixed: number;
  /** Bytes for each byte of weights: blocks of convolutions are laid out anew, and not all of what was read is given back. */
  readonly weights: number;
  /** Share of what fewer bits save that is really saved: layers are packed anew, and what loading left lies idle. */
  readonly saved: number;
  /**
   * Bytes for each byte that a run makes at the most, its largest tensor counted once more: layouts change between nodes,
   * and room grows in powers of two.
   */
  readonly runs: number;
  /** Whether each session keeps the room of its largest run, as an arena of its own; else one room serves all. */
  readonly keepsRuns: boolean;
}

const overheads: Readonly<Record<Provider, Overhead>> = {
  cpu: { fixed: 48e6, weights: 1.1, saved: 0.6, runs: 1.28, keepsRuns: true },
  // 683 MiB of heap for 512 MiB of weights (measured in Chromium).
  wasm: { fixed: 48e6, weights: 1.34, saved: 0.6, runs: 1.28, keepsRuns: true },
  // Weights go straight to the device; buffers are rounded up to sizes that are used again.
  webgpu: { fixed: 0, weights: 1, saved: 1, runs: 1, keepsRuns: false },
};

/** Half precision on a CPU is computed in float32 between casts, which takes five times its own weights (measured). */
const HALF_ON_CPU = 5;

/** What a provider takes at a precision. */
export function overheadOf(provider: Provider, precision: Precision): Overhead {
  const overhead = overheads[provider];
  return provider !== "webgpu" && precision === "float16" ? { ...overhead, weights: HALF_ON_CPU } : overhead;
}

/** Bytes in words: whole megabytes, or gigabytes with one digit. */
export const inWords = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
