import type { Pipeline, Pixels, Tensor } from "@underdraw/engine";
import type { GenerationCase } from "./case.ts";
import type { FileTensor } from "./tensor-file.ts";

/** Runs a case's request with its own random numbers and gathers every tensor on the way. The same in Node and browsers. */
export async function generateCase(
  pipeline: Pipeline,
  request: GenerationCase["request"],
  { inputs, maps }: { readonly inputs: ReadonlyMap<string, FileTensor>; readonly maps: ReadonlyMap<string, Pixels> },
  say: (line: string) => void,
): Promise<Map<string, FileTensor>> {
  const tensors = new Map<string, FileTensor>();
  const controls = request.controls.map(({ net, map, weight, range }) => {
    const pixels = maps.get(map);
    if (!pixels) throw new Error(`The case has no map ${map}.`);
    return { net, weight, range, map: { condition: net, pixels } };
  });
  const { warnings } = await pipeline.generate(
    {
      prompt: request.prompt,
      negativePrompt: request.negativePrompt,
      width: request.width,
      height: request.height,
      steps: request.steps,
      guidance: request.guidance,
      sampler: request.scheduler,
      controls,
    },
    {
      noise: (name, length) => {
        const tensor = inputs.get(`noise.${name}`);
        if (tensor?.values.length !== length)
          throw new Error(`inputs.safetensors has no ${length} numbers noise.${name}.`);
        return tensor.values as Float32Array;
      },
      trace: (name, { dims, values }: Tensor) => {
        const copy = values instanceof Int32Array ? BigInt64Array.from(values, BigInt) : values.slice();
        tensors.set(name, { dims, values: copy });
        if (/^text\.\w+\.states$|features$|^latents\.|^image$/.test(name)) say(`${name} [${dims.join(", ")}]`);
      },
    },
  );
  for (const { message } of warnings) say(`note: ${message}`);
  return tensors;
}
