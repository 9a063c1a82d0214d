import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSchedule, type ScheduleConfig } from "@underdraw/engine";
import { checkBase } from "../../engine/src/diffusion/loaded-base.ts";
import { createTokenizer } from "../../engine/src/diffusion/tokenizer.ts";
import { openBase } from "../../engine/src/models/base.ts";
import { inspect } from "../../engine/src/models/inspect.ts";
import { parseObject } from "../../engine/src/models/json.ts";
import { nodeFolder } from "../../engine/src/models/node-files.ts";
import { schedulerConfig } from "../../engine/src/models/scheduler-config.ts";
import { openWeightFiles } from "../../engine/src/models/weight-files.ts";
import { readPicture } from "../../engine/src/pictures/index.ts";
import { embeddings, loras } from "./added.ts";
import { headers } from "./headers.ts";
import { evilPaths, spoiledBytes, spoiledJson, spoiledText } from "./mutations.ts";
import { bytesOf, filesIn, framed, golden, type Target, textOf } from "./target.ts";
import { watchedFolder, watchedSource } from "./watched.ts";

// What is fed with spoiled files. A target spoils one file of a sound whole and reads it; what it throws is judged by the
// caller, and so is what `seen` saw.

/** Indexes of shards, in a folder on disk with something to steal beside it. */
function indexes(): Target {
  const room = mkdtempSync(join(tmpdir(), "underdraw-fuzz-"));
  const folder = join(room, "m");
  mkdirSync(folder);
  const shard = framed(
    bytesOf(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
    ),
    106n,
  );
  const file = new Uint8Array([...shard, 1, 2]);
  for (const path of ["m/one.safetensors", "m/two.safetensors", "secret.safetensors"])
    writeFileSync(join(room, path), file);
  symlinkSync(join(room, "secret.safetensors"), join(folder, "link.safetensors"));
  const index = '{"metadata":{"total_size":2},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}';
  return {
    name: "index",
    async run(random, seen) {
      const text = random.of<() => string>([
        () => spoiledJson(index, random),
        () => spoiledJson(index, random),
        () => spoiledText(index, random),
        () =>
          JSON.stringify({
            weight_map: {
              a: random.of(evilPaths),
              b: `${random.of(["..", "%2e%2e", "\\", "/", "a", ".", "..\\", "\0"])}/${random.of(["one", "secret", "link"])}.safetensors`,
            },
          }),
      ])();
      const disk = nodeFolder(folder);
      const name = "diffusion_pytorch_model.safetensors.index.json";
      const files = { stems: ["diffusion_pytorch_model"], what: "UNet" };
      const tensors = await openWeightFiles(
        {
          ...disk,
          async open(path, options) {
            seen.paths.push(path);
            const source = path === name ? watchedSource(name, bytesOf(text), seen) : await disk.open(path, options);
            if (source?.name.includes("secret")) throw new Error(`${path} opened a file outside of the folder`);
            return source;
          },
        },
        files,
      );
      tensors.close();
    },
    close: () => rmSync(room, { recursive: true }),
  };
}

/** The JSON files of a model's folder. */
function configs(): Target {
  const base = filesIn(join(golden, "five-levels/base"));
  const names = [...base.keys()].filter((path) => path.endsWith("config.json") || path === "model_index.json");
  return {
    name: "config",
    async run(random, seen) {
      const name = random.of(names);
      const text = textOf(base.get(name) as Uint8Array);
      const spoiled = random.below(5) === 0 ? spoiledText(text, random) : spoiledJson(text, random);
      const folder = watchedFolder("m", new Map([...base, [name, bytesOf(spoiled)]]), seen);
      const model = await openBase(folder);
      try {
        checkBase(model);
      } finally {
        model.close();
      }
      if (random.below(4) === 0) await inspect(folder);
    },
  };
}

/** Schedulers' configs, and the schedules that follow from them. */
function schedules(): Target {
  const classes = [
    "DDIMScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
    "PNDMScheduler",
    "LCMScheduler",
    "DDPMScheduler",
  ];
  const common = {
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    num_train_timesteps: 1000,
    steps_offset: 1,
    prediction_type: "epsilon",
    timestep_spacing: "leading",
    trained_betas: null,
    use_karras_sigmas: false,
    rescale_betas_zero_snr: false,
  };
  return {
    name: "scheduler",
    async run(random) {
      const text = spoiledJson(JSON.stringify({ _class_name: random.of(classes), ...common }), random);
      createSchedule(
        schedulerConfig(parseObject("scheduler_config.json", text), "scheduler_config.json") as ScheduleConfig,
        1 + random.below(30),
      );
    },
  };
}

/** The files of a tokenizer, and a prompt read by it. */
function tokenizers(): Target {
  const base = filesIn(join(golden, "five-levels/base"));
  const names = [...base.keys()].filter((path) => path.startsWith("tokenizer/"));
  const prompts = ["a lighthouse on a cliff", "", "<|endoftext|> \ud800 ünïcode 漢字", "x".repeat(300)];
  const vocab: unknown = JSON.parse(textOf(base.get("tokenizer/vocab.json") as Uint8Array));
  const merges = textOf(base.get("tokenizer/merges.txt") as Uint8Array)
    .split("\n")
    .filter((line) => line && !line.startsWith("#"));
  const one = JSON.stringify({ version: "1.0", model: { type: "BPE", vocab, merges } });
  return {
    name: "tokenizer",
    async run(random, seen) {
      const files = new Map(base);
      const small = names.filter((name) => name.includes("config") || name.includes("map"));
      const name = random.of(random.below(2) ? small : names);
      const text = textOf(base.get(name) as Uint8Array);
      const spoil = (text: string, isJson: boolean) =>
        isJson && random.below(4) > 0 ? spoiledJson(text, random) : spoiledText(text, random);
      if (random.below(6) === 0) {
        files.delete("tokenizer/vocab.json");
        files.delete("tokenizer/merges.txt");
        files.set("tokenizer/tokenizer.json", bytesOf(spoil(one, true)));
      } else files.set(name, bytesOf(spoil(text, name.endsWith(".json"))));
      const model = await openBase(watchedFolder("m", files, seen));
      model.close();
      if (!model.tokenizer) return;
      const { vocab, merges, config } = model.tokenizer;
      createTokenizer({ ...config, vocab, merges }).encode(random.of(prompts));
    },
  };
}

/** Pictures of every format that is read. */
function pictures(): Target {
  const folder = "test/golden/pictures";
  const all = [...filesIn(folder)].filter(
    ([path, { length }]) => /\.(png|jpe?g|webp|gif)$/.test(path) && length < 40_000,
  );
  return {
    name: "picture",
    async run(random) {
      const [name, bytes] = random.of(all);
      await readPicture(spoiledBytes(bytes, random), { name });
    },
  };
}

/** Every reader, each with how often it is run among 117. Pictures and whole folders take longest. */
export const targets = (): readonly (readonly [target: Target, share: number])[] => [
  [headers(), 40],
  [indexes(), 15],
  [configs(), 15],
  [schedules(), 10],
  [tokenizers(), 8],
  [pictures(), 12],
  [loras(), 10],
  [embeddings(), 7],
];
