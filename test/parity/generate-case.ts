import { type GenerateRequest, type Pipeline, type Pixels, strengthPresets, type Tensor } from "@underdraw/engine";
import type { GenerationCase } from "./case.ts";
import type { FileTensor } from "./tensor-file.ts";

type CaseRequest = GenerationCase["request"];

/** A weight that no float32 sum feels: what a net of weight 0 would give is only seen where the net runs. */
const ALMOST_NONE = 1e-30;

/** Runs a case's request with its own random numbers and gathers every tensor on the way. The same in Node and browsers. */
export async function generateCase(
  pipeline: Pipeline,
  request: CaseRequest,
  given: { readonly inputs: ReadonlyMap<string, FileTensor>; readonly pictures: ReadonlyMap<string, Pixels> },
  say: (line: string) => void,
): Promise<Map<string, FileTensor>> {
  const asked = requestOf(request, given.pictures);
  const drawn: ReadonlyMap<string, FileTensor>[] = [];
  // The engine draws one picture a call: a batch is one call after the other, each with its own rows of the noise.
  for (let picture = 0; picture < request.batch; picture++) {
    const tensors = new Map<string, FileTensor>();
    const { warnings } = await pipeline.generate(asked, {
      measure: false,
      noise: (name, length) => noiseOf(given.inputs, name, length, { picture, batch: request.batch }),
      trace: (name, { dims, values }: Tensor) => {
        const copy = values instanceof Int32Array ? BigInt64Array.from(values, BigInt) : values.slice();
        tensors.set(name, { dims, values: copy });
        if (/^text\.\w+\.states$|^moments|features$|^latents\.|^image$/.test(name)) say(`${name} [${dims.join(", ")}]`);
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
