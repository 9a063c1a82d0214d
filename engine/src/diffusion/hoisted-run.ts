import { hintTensor, type LoadedNet } from "../controlnet/net.ts";
import { type TimeTable, timeTable } from "../controlnet/time-table.ts";
import { UnderdrawError } from "../core/errors.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import type { DenoiseOptions, DenoiseRequest, LoadedUnet, PreparedControl } from "./denoise.ts";

// What leaves the step loop: keys and values of the text, time projections of the whole schedule, features of the maps.
// Each is computed once for a generation.

/** A control that will run, with what was computed for it. */
export interface RunningControl {
  /** Its number among the request's controls. */
  readonly index: number;
  readonly control: PreparedControl;
  readonly features: Tensor;
  readonly text: Readonly<Record<string, Tensor>>;
  readonly times: TimeTable;
}

/** Everything that the steps of a generation share. */
export interface HoistedRun {
  readonly text: Readonly<Record<string, Tensor>>;
  readonly times: TimeTable;
  readonly controls: readonly RunningControl[];
  /** Frees it all. */
  dispose(): void;
}

/** Computes what the steps share. */
export async function hoist(
  runtime: Runtime,
  unet: LoadedUnet,
  request: DenoiseRequest,
  options: DenoiseOptions,
): Promise<HoistedRun> {
  const { schedule, shape, context } = request;
  const run = options.signal ? { signal: options.signal } : {};
  const extent = { batch: request.unconditional ? 2 : 1, height: shape.height, width: shape.width, context };
  const kept: Tensor[] = [];
  const keep = <T extends Record<string, Tensor>>(tensors: T): T => {
    kept.push(...Object.values(tensors));
    return tensors;
  };
  try {
    const states = keep({ states: textTensor(runtime, unet.config.contextWidth, request) });
    const text = keep(await unet.pieces.kv.run(states, extent, run));
    const times = await timeTable(runtime, unet.pieces.temb, unet.config, schedule.timesteps, run);
    const controls: RunningControl[] = [];
    for (const [index, control] of request.controls.entries()) {
      // A control that never steers, or with no strength, is the same as none: its net does not run at all.
      if (control.active.length > 0 && control.weight !== 0) {
        const { net, map } = control;
        const features = await hintFeatures(runtime, net, map, keep, run);
        await options.trace?.(`control.${index}.features`, features);
        controls.push({
          index,
          control,
          features,
          text: keep(await net.pieces.kv.run(states, extent, run)),
          times: await timeTable(runtime, net.pieces.temb, net.config, schedule.timesteps, run),
        });
      }
      options.onPrepared?.((index + 1) / request.controls.length);
    }
    return { text, times, controls, dispose: () => disposeAll(kept) };
  } catch (error) {
    disposeAll(kept);
    throw error;
  }
}

async function hintFeatures(
  runtime: Runtime,
  net: LoadedNet,
  map: PreparedControl["map"],
  keep: <T extends Record<string, Tensor>>(tensors: T) => T,
  run: { readonly signal?: AbortSignal },
): Promise<Tensor> {
  const hint = { map: hintTensor(runtime, net.config, map) };
  try {
    const { features } = keep(await net.pieces.hint.run(hint, { batch: 1, height: map.height, width: map.width }, run));
    if (!features) throw new RangeError("The hint graph gave no features.");
    return features;
  } finally {
    disposeAll(hint);
  }
}

function textTensor(runtime: Runtime, width: number, request: DenoiseRequest): Tensor {
  const { conditional, unconditional, context } = request;
  if (conditional.length !== context * width)
    throw new UnderdrawError(
      "model-incompatible",
      `The text encoder gives states of ${conditional.length / context} numbers, and the UNet reads ${width}: they are not of one model. Take both from the same checkpoint.`,
      { id: "text_encoder", expected: `${width}`, actual: `${conditional.length / context}` },
    );
  const rows = unconditional ? [unconditional, conditional] : [conditional];
  const values = new Float32Array(rows.length * context * width);
  for (const [n, row] of rows.entries()) values.set(row, n * context * width);
  return runtime.tensor(runtime.precision, [rows.length, context, width], values);
}
