import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { noMemory, type ScheduleConfig, step } from "../../engine/src/diffusion/schedule.ts";
import { createSchedule } from "../../engine/src/diffusion/scheduler.ts";

// A picture by networks that `torch.onnx` exported (bench/peers_reference.py), as pipelines over such files draw it: the
// UNet with its ControlNet is one graph, run in every step for both halves of guidance, with the map and the text given
// to it each time. The sessions have onnxruntime's default options, but for a number of threads that is asked for; the
// sampler's arithmetic is ours.

/** What is drawn. */
export interface ExportedJob {
  /** Tokens of the prompt and of the empty one. */
  readonly ids: readonly [conditional: readonly number[], unconditional: readonly number[]];
  readonly side: number;
  readonly steps: number;
  readonly guidance: number;
  readonly weight: number;
  readonly noise: Float32Array;
  /** [3, height, width] in 0..1 */
  readonly map: Float32Array;
}

/** Opens the files of a folder; `model` is the diffusers folder that they were exported from. */
export async function openExported(folder: string, model: string, threads?: number) {
  const open = (name: string) =>
    ort.InferenceSession.create(join(folder, `${name}.onnx`), {
      executionProviders: ["cpu"],
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    });
  const json = (path: string) => JSON.parse(readFileSync(join(model, path), "utf8"));
  const [text, unet, vae] = [await open("text_encoder"), await open("unet"), await open("vae_decoder")];
  const config: ScheduleConfig = json("scheduler/scheduler_config.json");
  const { scaling_factor: factor, latent_channels: channels } = json("vae/config.json") as Record<string, number>;
  const floats = (values: Float32Array, dims: number[]) => new ort.Tensor("float32", values, dims);
  const only = async (session: ort.InferenceSession, feeds: Record<string, ort.Tensor>): Promise<ort.Tensor> =>
    Object.values(await session.run(feeds))[0] as ort.Tensor;
  const twice = (values: Float32Array) => {
    const both = new Float32Array(2 * values.length);
    both.set(values);
    both.set(values, values.length);
    return both;
  };
  return async ({ ids, side, steps, guidance, weight, noise, map }: ExportedJob) => {
    const rows = BigInt64Array.from([...ids[1], ...ids[0]], BigInt);
    const states = await only(text, { ids: new ort.Tensor("int64", rows, [2, ids[0].length]) });
    const schedule = createSchedule(config, steps);
    const picture = Math.sqrt(map.length / 3);
    const size = noise.length;
    let latents: Float32Array = noise.map((value) => value * schedule.initialNoiseScale);
    let memory = noMemory;
    const hint = floats(twice(map), [2, 3, picture, picture]);
    for (const [i, at] of schedule.steps.entries()) {
      const input = twice(latents.map((value) => value * at.inputScale));
      const output = await only(unet, {
        latent: floats(input, [2, size / side ** 2, side, side]),
        timestep: floats(Float32Array.of(at.timestep), []),
        states,
        map: hint,
        scale: floats(Float32Array.of(weight), []),
      });
      const both = output.data as Float32Array;
      const guided = new Float32Array(size);
      for (let n = 0; n < size; n++) {
        const unconditional = both[n] as number;
        guided[n] = unconditional + guidance * ((both[size + n] as number) - unconditional);
      }
      const drawn = at.next.noise === 0 ? {} : { noise };
      ({ latents, memory } = step(schedule, i, { latents, output: guided, memory, ...drawn }));
    }
    const scaled = latents.map((value) => value / (factor as number));
    const pixels = await only(vae, { latent: floats(scaled, [1, channels as number, side, side]) });
    return { latents, pixels: pixels.data as Float32Array };
  };
}
