import { UnderdrawError } from "../core/errors.ts";

// What onnxruntime, Dawn and WebAssembly throw, as errors of ours. They have no codes, so that their texts are read.

/** Texts for memory that ran out: C++, onnxruntime's arena, Dawn and Vulkan, Emscripten, V8. */
const memory =
  /std::bad_alloc|bad allocation|out[ _-]of[ _-](?:\w+[ _-])?memory|OutOfMemory|failed to allocate|Cannot enlarge memory|Array buffer allocation failed|Invalid typed array length|is smaller than requested bytes|vmaAllocateMemory|E_OUTOFMEMORY|too large for the implementation/i;

/** The size that could not be had, where the text names it. */
const wanted = /(?:buffer of size|requested bytes of|allocate|Buffer size \()\D{0,24}?(\d{4,})/i;

/** Texts of a wasm instance that is beyond repair: every later call fails too. */
const trap =
  /memory access out of bounds|table index is out of bounds|\bunreachable\b|null function|Aborted\(|indirect call/i;

/** Texts for a device that is gone. */
const gone = /device (?:was |is |has been )?(?:lost|destroyed)|\bDevice\b\]? is lost|lost device|DEVICE_LOST/i;

/** The text of whatever was thrown. An uncaught C++ exception arrives as a number. */
export function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === "number") return `an uncaught C++ exception (${error})`;
  return String(error);
}

/** Whether a thrown value means that the wasm instance is unusable from now on. */
export function isCrash(error: unknown): boolean {
  if (UnderdrawError.is(error)) return false;
  if (typeof error === "number") return true;
  const runtimeError = (globalThis as { WebAssembly?: typeof WebAssembly }).WebAssembly?.RuntimeError;
  return (runtimeError !== undefined && error instanceof runtimeError) || trap.test(textOf(error));
}

/** Whether a thrown value says that the device is lost. */
export const saysLost = (error: unknown): boolean => !UnderdrawError.is(error) && gone.test(textOf(error));

/** The error for a device that was lost. */
export const deviceLost = (reason: string, cause?: unknown): UnderdrawError<"device-lost"> =>
  new UnderdrawError(
    "device-lost",
    `The graphics device was lost (${reason}). Open the engine again; with less on the screen or a smaller picture if it recurs.`,
    { reason },
    { cause },
  );

/** The error for an onnxruntime that nothing can be asked of any more in this realm. */
export const crashed = (reason: string, what: string, cause?: unknown): UnderdrawError<"runtime-failed"> =>
  new UnderdrawError(
    "runtime-failed",
    `${what} failed: ${reason}. onnxruntime cannot be used again here: start a new worker, or reload the page.`,
    { what, reason },
    { cause },
  );

/** An error of ours for what a job threw. `what` is the job as a gerund: `Loading the graph "unet"`. */
export function failureOf(error: unknown, what: string): UnderdrawError {
  if (UnderdrawError.is(error)) return error;
  const reason = textOf(error);
  if (memory.test(reason)) {
    const needed = Number(wanted.exec(reason)?.[1]);
    return new UnderdrawError(
      "out-of-memory",
      `${what} ran out of memory (${reason}). Make the picture smaller, close other programs or pages, or take a smaller model.`,
      Number.isFinite(needed) ? { needed } : {},
      { cause: error },
    );
  }
  if (saysLost(error)) return deviceLost(reason, error);
  if (isCrash(error)) return crashed(reason, what, error);
  const advice = "The engine's report of this machine (doctor) shows what it can run.";
  return new UnderdrawError(
    "runtime-failed",
    `${what} failed: ${reason}. ${advice}`,
    { what, reason },
    { cause: error },
  );
}
