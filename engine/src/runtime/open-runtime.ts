import { backend } from "#backend";
import { UnderdrawError } from "../core/errors.ts";
import type { Precision } from "../graph/graph.ts";
import type { Device, OpenOptions } from "./backend.ts";
import { DeviceRuntime } from "./device-runtime.ts";
import { crashed, failureOf, isCrash } from "./failure.ts";
import { breakRealm, inTurn, realmBroken } from "./queue.ts";
import type { Runtime } from "./runtime.ts";

// Which provider and which precision: what was asked for, or the best that works here with a sentence about why.

/** The default of `timeoutMs`. */
const TIMEOUT = 600_000;

function check({ device, precision, threads, timeoutMs, gpu }: OpenOptions): void {
  const among = (path: string, value: unknown, known: readonly string[]): void => {
    if (value !== undefined && !known.includes(value as string))
      throw new TypeError(`The option \`${path}\` is ${String(value)}; it may be ${known.join(", ")}.`);
  };
  among("device", device, ["auto", "cpu", "webgpu"]);
  among("precision", precision, ["auto", "float32", "float16"]);
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0))
    throw new RangeError(`The option \`threads\` is ${threads}; it is a whole number from 1 on.`);
  if (timeoutMs !== undefined && !(timeoutMs > 0))
    throw new RangeError(`The option \`timeoutMs\` is ${timeoutMs}; it is a number of milliseconds above 0.`);
  if (gpu && backend.place === "node")
    throw new TypeError("The option `gpu` is for browsers: onnxruntime in Node shares no GPUDevice.");
  if (gpu && device === "cpu") throw new TypeError('The option `gpu` is given, and `device` is "cpu".');
}

function precisionOn(device: Device, asked: "auto" | Precision): Precision {
  // A CPU computes half precision where somebody asks for it: slowly, and rightly.
  if (asked === "float16" && device.noHalf !== null && device.provider === "webgpu")
    throw new UnderdrawError(
      "feature-missing",
      `Half precision cannot be used: ${device.noHalf}. Take the precision "auto" or "float32".`,
      { feature: "shader-f16" },
    );
  return asked === "auto" ? (device.noHalf === null ? "float16" : "float32") : asked;
}

/**
 * Opens a runtime. Rejects with `webgpu-unavailable` when WebGPU is asked for and there is none that computes rightly,
 * `feature-missing` when half precision is, `timeout` when opening takes too long, `runtime-failed` when onnxruntime
 * does not start. A new one may be opened when one is lost.
 */
export async function openRuntime(options: OpenOptions = {}): Promise<Runtime> {
  check(options);
  const limitMs = options.timeoutMs ?? TIMEOUT;
  const what = "Opening onnxruntime";
  const onTimeout = () => {
    const message = `${what} took more than ${limitMs} ms. Try again, or give it more time.`;
    return new UnderdrawError("timeout", message, { what, limitMs });
  };
  const open = (provider: Device["provider"]): Promise<Device> => {
    const work = async () => {
      const broken = realmBroken();
      if (broken !== null) throw crashed(broken, what);
      return backend.open(provider, options);
    };
    return inTurn(work, { limitMs, fragile: backend.fragile, onTimeout, discard: (device) => device.close() });
  };
  const failed = (error: unknown): never => {
    if (backend.fragile && isCrash(error)) breakRealm("onnxruntime crashed");
    throw failureOf(error, what);
  };

  const asked = options.device ?? "auto";
  const wanted = asked === "webgpu" || options.gpu !== undefined || (asked === "auto" && backend.prefersGpu);
  let device: Device;
  let fallback: string | null = null;
  if (wanted) {
    try {
      device = await open("webgpu");
    } catch (error) {
      if (asked !== "auto" || !UnderdrawError.is(error, "webgpu-unavailable")) return failed(error);
      fallback = `WebGPU is not used, because ${error.details.reason}; the CPU computes instead, which is much slower.`;
      device = await open(backend.cpu).catch(failed);
    }
  } else {
    device = await open(backend.cpu).catch(failed);
  }
  try {
    const precision = precisionOn(device, options.precision ?? "auto");
    // A graphics device has memory of its own, and does not say how much.
    const memory = device.provider === "webgpu" ? null : backend.memory();
    return new DeviceRuntime(device, { precision, fallback, limitMs, memory, fragile: backend.fragile });
  } catch (error) {
    await device.close();
    throw error;
  }
}
