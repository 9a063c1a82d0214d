import {
  createSchedule,
  type GenerateRequest,
  type Pipeline,
  type Pixels,
  type ScheduleConfig,
  strengthPresets,
  type Tensor,
} from "@underdraw/engine";
import type { GenerationCase } from "./case.ts";
import type { FileTensor } from "./tensor-file.ts";

type CaseRequest = GenerationCase["request"];

/** A weight that no float32 sum feels: what a net of weight 0 would give is only seen where the net runs. */
const ALMOST_NONE = 1e-30;

/** Runs a case's request with its own random numbers and gathers every tensor on the way. The same in Node and browsers. */
export async function generateCase(
  pipeline: Pipeline,
  request: CaseRequest,
  given: {
    readonly inputs: ReadonlyMap<string, FileTensor>;
    readonly pictures: ReadonlyMap<string, Pixels>;
    /** The row at which each control's residuals are expected; by default the first one in which it acts. */
    readonly controlSteps?: Readonly<Record<string, number>>;
  },
  say: (line: string) => void,
): Promise<Map<string, FileTensor>> {
  const plain = requestOf(request, given.pictures);
  const watchers = watchersOf(request, given.controlSteps ?? {});
  const shown = watchers.map(({ control, range }) => ({ ...plain.controls?.[control], weight: ALMOST_NONE, range }));
  const asked = { ...plain, controls: [...(plain.controls ?? []), ...shown] } as GenerateRequest;
  const drawn: ReadonlyMap<string, FileTensor>[] = [];
  // The engine draws one picture a call: a batch is one call after the other, each with its own rows of the noise.
  for (let picture = 0; picture < request.batch; picture++) {
    const tensors = new Map<string, FileTensor>();
    const { warnings } = await pipeline.generate(asked, {
      measure: false,
      noise: (name, length) => noiseOf(given.inputs, name, length, { picture, batch: request.batch }),
      trace: (name, { dims, values }: Tensor) => {
        const copy = values instanceof Int32Array ? BigInt64Array.from(values, BigInt) : values.slice();
        const key = nameIn(name, request.controls.length, watchers);
        if (key === null) return;
        tensors.set(key, { dims, values: copy });
        if (/^text\.\w+\.states$|^moments|features$|^latents\.|^image$/.test(key)) say(`${key} [${dims.join(", ")}]`);
      },
    });
    for (const { message } of warnings) say(`note: ${message}`);
    drawn.push(tensors);
  }
  const [first] = drawn;
  if (!first) throw new Error("The case asks for no picture.");
  return new Map([...first.keys()].map((name) => [name, joined(name, drawn)]));
}

/** The engine's request for a case's. What diffusers' pipelines do without being asked is written out. */
function requestOf(request: CaseRequest, pictures: ReadonlyMap<string, Pixels>): GenerateRequest {
  const pictureOf = (name: string): Pixels => {
    const pixels = pictures.get(name);
    if (!pixels) throw new Error(`The case has no picture ${name}.`);
    return pixels;
  };
  const { prompt, negativePrompt, width, height, steps, guidance, guidanceRescale, clipSkip, init } = request;
  // The pipelines for controls and for pictures take `guidance_rescale` among their further arguments and do nothing
  // with it: what was recorded has none.
  const rescale = request.controls.length > 0 || init ? 0 : guidanceRescale;
  return {
    ...{ prompt, negativePrompt, width, height, steps, guidance, guidanceRescale: rescale, clipSkip },
    // The pipelines pass eta 0 to each step, also where the class itself has more (TCD).
    sampler: { eta: 0, ...request.scheduler },
    controls: request.controls.map(({ net, map, weight, range }) => ({
      net,
      weight: weight === 0 ? ALMOST_NONE : weight,
      range,
      map: { condition: net, pixels: pictureOf(map) },
      ...(request.guessMode ? strengthPresets.guess : {}),
    })),
    ...(init
      ? {
          init: {
            picture: pictureOf(init.image),
            strength: init.strength,
            ...(init.mask ? { mask: pictureOf(init.mask) } : {}),
          },
        }
      : {}),
  };
}

/** A control that adds nothing and shows what its net gives at one row. */
interface Watcher {
  /** The control whose net, map and mode it has. */
  readonly control: number;
  readonly range: readonly [start: number, end: number];
}

/**
 * Watchers for the controls whose residuals are expected at another row than the first in which they act. Recorders count
 * over steps, and some samplers have more rows than steps: the nets of diffusers run there too, at weight 0.
 */
function watchersOf(request: CaseRequest, controlSteps: Readonly<Record<string, number>>): readonly Watcher[] {
  const { scheduler, steps, init } = request;
  const strength = init ? { strength: init.strength } : {};
  const rows = createSchedule(scheduler as ScheduleConfig, steps, strength).steps.length;
  return request.controls.flatMap(({ range: [start, end] }, control) => {
    const row = controlSteps[control];
    const acts = Array.from({ length: rows }, (_, i) => i / rows >= start && (i + 1) / rows <= end);
    if (row === undefined || row === acts.indexOf(true)) return [];
    return [{ control, range: [row / rows, (row + 1) / rows] as const }];
  });
}

/** A traced tensor's name in the case: watchers' residuals take the place of their controls'. Null for what is not kept. */
function nameIn(name: string, controls: number, watchers: readonly Watcher[]): string | null {
  const [, index = "", rest = ""] = /^control\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (rest === "") return name;
  const watcher = watchers[Number(index) - controls];
  if (watcher) return `control.${watcher.control}.${rest}`;
  const isWatched = watchers.some(({ control }) => control === Number(index));
  return isWatched && rest !== "features" ? null : name;
}

/** A picture's own numbers of a noise tensor; those of an encoded picture serve the whole batch. */
function noiseOf(
  inputs: ReadonlyMap<string, FileTensor>,
  name: string,
  length: number,
  { picture, batch }: { readonly picture: number; readonly batch: number },
): Float32Array {
  const values = inputs.get(`noise.${name}`)?.values;
  const rows = name.startsWith("posterior") ? 1 : batch;
  if (!(values instanceof Float32Array) || values.length !== rows * length)
    throw new Error(`inputs.safetensors has no ${rows} x ${length} numbers noise.${name}.`);
  const row = rows === 1 ? 0 : picture;
  return values.subarray(row * length, (row + 1) * length);
}

/** One tensor of all pictures: halves of guidance outside, pictures inside. What all pictures share is there once. */
function joined(name: string, drawn: readonly ReadonlyMap<string, FileTensor>[]): FileTensor {
  const tensors = drawn.map((tensors) => tensors.get(name) as FileTensor);
  const [first] = tensors as [FileTensor];
  if (tensors.length === 1 || /^text\.|^timesteps$|^sigmas$|^moments\.|\.features$/.test(name)) return first;
  const [rows = 1, ...rest] = first.dims;
  const size = first.values.length / rows;
  const values = new Float32Array(tensors.length * first.values.length);
  for (let row = 0; row < rows; row++)
    for (const [n, tensor] of tensors.entries())
      values.set(
        (tensor.values as Float32Array).subarray(row * size, (row + 1) * size),
        (row * tensors.length + n) * size,
      );
  return { dims: [rows * tensors.length, ...rest], values };
}
