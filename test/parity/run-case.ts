import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createSchedule,
  createTokenizer,
  Engine,
  noised,
  noMemory,
  type Pixels,
  type ScheduleConfig,
  step,
} from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { type GenerationCase, parityCase, parseCase, type SchedulersCase, type TokenizerCase } from "./case.ts";
import { generateCase } from "./generate-case.ts";
import { type FileTensor, parseTensors } from "./tensor-file.ts";

// Runs a parity case through the public engine and gathers what it saw. It does not look at what is expected.

/** Runs the case in `folder`; `say` hears one line a stage. */
export async function runCase(folder: string, say: (line: string) => void): Promise<Map<string, FileTensor>> {
  const found = parityCase.parse(parseCase(readFileSync(join(folder, "case.json"), "utf8")));
  say(`case ${found.name} (${found.kind})`);
  if (found.kind === "tokenizer") return runTokenizer(folder, found, say);
  if (found.kind === "schedulers") return runSchedulers(folder, found, say);
  return runGeneration(folder, found, say);
}

async function runGeneration(folder: string, found: GenerationCase, say: (line: string) => void) {
  const { base, controlnets, loras, request, controlSteps } = found;
  const inputs = tensorsIn(folder, "inputs.safetensors");

  await using engine = new Engine({ runtime: { device: "cpu" } });
  const device = await engine.device();
  say(`precision ${device.precision} on ${device.provider} (${device.about})`);
  const used = new Set(request.controls.map(({ net }) => net));
  const nets = Object.entries(controlnets).filter(([name]) => used.has(name));
  await using pipeline = await engine.load({
    base: nodeModel(join(folder, base.path)),
    nets: Object.fromEntries(nets.map(([name, { path }]) => [name, nodeModel(join(folder, path))])),
    loras: loras.map(({ file, scale }) => ({ file: nodeModel(join(folder, file)), weight: scale })),
    // A reduced model in one file does not tell its family; the case does.
    ...(base.layout === "ldm" ? { facts: { family: base.family === "sd21" ? "sd2" : "sd1", ...base.facts } } : {}),
  });
  say(`loaded ${base.path}${nets.length > 0 ? ` with ${nets.map(([name]) => name).join(", ")}` : ""}`);

  const pictures = new Map<string, Pixels>();
  const { init } = request;
  for (const name of [...request.controls.map(({ map }) => map), ...(init ? [init.image, init.mask] : [])])
    if (name)
      pictures.set(name, (await readPicture(new Uint8Array(readFileSync(join(folder, name))), { name })).pixels);
  // Awaited here: the engine is disposed when this function returns.
  return await generateCase(pipeline, request, { inputs, pictures, controlSteps }, say);
}

function runSchedulers(folder: string, found: SchedulersCase, say: (line: string) => void) {
  const inputs = tensorsIn(folder, "inputs.safetensors");
  const floats = (name: string) => {
    const values = inputs.get(name)?.values;
    if (!(values instanceof Float32Array)) throw new Error(`inputs.safetensors has no ${name}.`);
    return values;
  };
  const [initial, noise, pattern] = [floats("noise.initial"), floats("noise.step"), floats("pattern")];
  const size = initial.length;
  const tensors = new Map<string, FileTensor>();
  for (const [name, config] of Object.entries(found.configs))
    for (const steps of found.steps) {
      if (found.leftOut.includes(`${name}.${steps}`)) continue;
      const schedule = createSchedule(config as ScheduleConfig, steps);
      const put = (key: string, dims: number[], values: ArrayLike<number>) =>
        tensors.set(`${name}.${steps}.${key}`, { dims, values: Float32Array.from(values) });
      put("timesteps", [schedule.timesteps.length], schedule.timesteps);
      if (schedule.sigmas) put("sigmas", [schedule.sigmas.length], schedule.sigmas);
      let latents: Float32Array = initial.map((value) => value * schedule.initialNoiseScale);
      let memory = noMemory;
      const rows = new Float32Array(schedule.steps.length * size);
      schedule.steps.forEach(({ timestep, inputScale }, i) => {
        const output = latents.map((x, n) => 0.4 * x * inputScale + 0.3 * (timestep / 1000) * (pattern[n] ?? 0));
        const normals = noise.subarray(i * size, (i + 1) * size);
        ({ latents, memory } = step(schedule, i, { latents, output, noise: normals, memory }));
        rows.set(latents, i * size);
      });
      put("latents", [schedule.steps.length, 1, 4, 2, 3], rows);
      put("noised", [1, 4, 2, 3], noised(schedule, pattern, initial, Math.floor(steps / 2)));
    }
  say(`${Object.keys(found.configs).length} samplers with ${found.steps.join(", ")} steps`);
  return tensors;
}

function runTokenizer(folder: string, found: TokenizerCase, say: (line: string) => void) {
  const read = (name: string) => readFileSync(join(folder, found.tokenizer, name), "utf8");
  const config: Record<string, unknown> = JSON.parse(read("tokenizer_config.json"));
  const text = (key: string) => String(config[key]);
  const vocab: Record<string, number> = JSON.parse(read("vocab.json"));
  const tokenizer = createTokenizer({
    vocab: new Map(Object.entries(vocab)),
    merges: read("merges.txt")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#version")),
    startToken: text("bos_token"),
    endToken: text("eos_token"),
    padToken: text("pad_token"),
    unknownToken: text("unk_token"),
    maxLength: Number(config["model_max_length"]),
    lowerCase: config["do_lower_case"] === true,
  });
  const tensors = new Map<string, FileTensor>();
  const padded = new BigInt64Array(found.texts.length * 77);
  found.texts.forEach((one, n) => {
    const ids = tokenizer.encode(one);
    tensors.set(`full.${n}`, { dims: [ids.length], values: BigInt64Array.from(ids, BigInt) });
    padded.set(BigInt64Array.from(tokenizer.pad(ids, 77).ids, BigInt), n * 77);
  });
  tensors.set("padded", { dims: [found.texts.length, 77], values: padded });
  say(`${found.texts.length} texts`);
  return tensors;
}

/** The tensors of a file in the case's folder. */
export function tensorsIn(folder: string, file: string): Map<string, FileTensor> {
  const path = join(folder, file);
  return parseTensors(path, new Uint8Array(readFileSync(path)));
}
