import { hintTensor, type LoadedNet } from "../controlnet/net.ts";
import { type Half, halvesOf } from "../controlnet/residuals.ts";
import { type TimeTable, timeTable } from "../controlnet/time-table.ts";
import { UnderdrawError } from "../core/errors.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import type { DenoiseOptions, DenoiseRequest, LoadedUnet, PreparedControl, TextStates } from "./denoise.ts";
import type { Keepable, Kept } from "./kept.ts";

// What leaves the step loop: keys and values of the text, time projections of the whole schedule, features of the maps.
// Each is computed once for its text, schedule or map, and kept for the generations that come.

/** A control that will run, with what was computed for it. */
export interface RunningControl {
  readonly control: PreparedControl;
  /** The halves of guidance that its net runs on. */
  readonly halves: readonly Half[];
  readonly features: Tensor;
  readonly text: Readonly<Record<string, Tensor>>;
  readonly times: TimeTable;
}

/** Everything that the steps of a generation share. What is in it belongs to `Kept`. */
export interface HoistedRun {
  readonly text: Readonly<Record<string, Tensor>>;
  readonly times: TimeTable;
  readonly controls: readonly RunningControl[];
  /** The numbers of the controls whose features no earlier generation had computed. */
  readonly made: readonly number[];
}

/** A ControlNet's name, or null for the base: a net may be called anything. */
type NetworkName = string | null;

/** The halves that a control acts on in any step. */
export const halvesNeeded = (control: PreparedControl, guided: boolean): readonly Half[] =>
  halvesOf(guided).filter((half) => control.strengths.some((strength) => strength?.[half]));

/** Computes what the steps from number `from` on share. */
export async function hoist(
  runtime: Runtime,
  unet: LoadedUnet,
  request: DenoiseRequest & { readonly from: number },
  kept: Kept,
  options: DenoiseOptions,
): Promise<HoistedRun> {
  const { schedule, shape, context, conditional, unconditional } = request;
  const run = options.signal ? { signal: options.signal } : {};
  const guided = unconditional !== null;
  const states = (halves: readonly Half[]): readonly TextStates[] =>
    halves.flatMap((half) => (half === "conditional" ? [conditional] : unconditional ? [unconditional] : []));
  const textOf = (
    name: NetworkName,
    net: { readonly pieces: Pick<LoadedUnet["pieces"], "kv"> },
    halves: readonly Half[],
  ) => {
    const rows = states(halves);
    const key = JSON.stringify(["kv", name, rows.map((row) => row.key)]);
    return kept.take(key, async () => {
      const input = { states: textTensor(runtime, unet.config.contextWidth, rows, context) };
      try {
        const extent = { batch: rows.length, height: shape.height, width: shape.width, context };
        return onDevice(await net.pieces.kv.run(input, extent, run), runtime);
      } finally {
        disposeAll(input);
      }
    });
  };
  const timesOf = (
    name: NetworkName,
    net: Pick<LoadedUnet | LoadedNet, "config"> & { readonly pieces: Pick<LoadedUnet["pieces"], "temb"> },
  ) =>
    kept.take(JSON.stringify(["temb", name, schedule.timesteps]), async () => {
      const value = await timeTable(runtime, net.pieces.temb, net.config, schedule.timesteps, run);
      return { value, bytes: value.bytes };
    });
  const text = (await textOf(null, unet, halvesOf(guided))).value;
  const times = (await timesOf(null, unet)).value;
  const controls: RunningControl[] = [];
  const made: number[] = [];
  for (const [n, control] of request.controls.entries()) {
    const halves = halvesNeeded(control, guided);
    // A control that does not steer from here on, or with no strength, is the same as none: its net does not run at all.
    if (control.strengths.slice(request.from).some(Boolean)) {
      const { index, name, net, map, mapKey } = control;
      const { width, height } = map;
      const features = await kept.take(JSON.stringify(["hint", name, width, height, mapKey]), async () => {
        const hint = { map: hintTensor(runtime, net.config, map) };
        try {
          return onDevice(await net.pieces.hint.run(hint, { batch: 1, height, width }, run), runtime);
        } finally {
          disposeAll(hint);
        }
      });
      const found = features.value["features"];
      if (!found) throw new RangeError("The hint graph gave no features.");
      if (!features.known) made.push(index);
      await options.trace?.(`control.${index}.features`, found);
      controls.push({
        control,
        halves,
        features: found,
        text: (await textOf(name, net, halves)).value,
        times: (await timesOf(name, net)).value,
      });
    }
    options.onPrepared?.((n + 1) / request.controls.length);
  }
  return { text, times, controls, made };
}

/** Tensors to keep where they lie. */
function onDevice(
  tensors: Readonly<Record<string, Tensor>>,
  { precision }: Runtime,
): Keepable<Readonly<Record<string, Tensor>>> {
  const size = precision === "float16" ? 2 : 4;
  let bytes = 0;
  for (const { dims } of Object.values(tensors)) bytes += size * dims.reduce((product, side) => product * side, 1);
  return { value: tensors, bytes, free: () => disposeAll(tensors) };
}

function textTensor(runtime: Runtime, width: number, rows: readonly TextStates[], context: number): Tensor {
  const values = new Float32Array(rows.length * context * width);
  for (const [n, { states }] of rows.entries()) {
    if (states.length !== context * width)
      throw new UnderdrawError(
        "model-incompatible",
        `The text encoder gives states of ${states.length / context} numbers, and the UNet reads ${width}: they are not of one model. Take both from the same checkpoint.`,
        { id: "text_encoder", expected: `${width}`, actual: `${states.length / context}` },
      );
    values.set(states, n * context * width);
  }
  return runtime.tensor(runtime.precision, [rows.length, context, width], values);
}
