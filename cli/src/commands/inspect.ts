import { inspect } from "@underdraw/engine";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { exitCodes, misused } from "../failure.ts";
import { inspectionInWords } from "../inspection-words.ts";
import { chooseModel } from "../model-choice.ts";
import { openPlace } from "../model-place.ts";

/** `underdraw inspect`: what a model is, what it lacks, and what to do with it. */
export const inspectCommand: Command = {
  name: "inspect",
  about: "Tell what a model file is: family, parts, rank or vectors, number types, what is missing, how to use it.",
  usage: ["inspect FILE|FOLDER [--base FILE|FOLDER] [--json]"],
  flags: {
    Flags: [
      {
        name: "base",
        value: "PATH",
        help: 'a base model: tells whether a control net, a LoRA, an embedding or a VAE fits it; "pack" is the one that comes along',
      },
      { name: "json", help: "one JSON object on stdout" },
    ],
  },
  notes: [
    "Only tables and configs are read, never the weights, so that it takes no time for a model of any size. It exits with 1 when something is missing or does not fit.",
  ],
  examples: [
    "inspect ./stable-diffusion-v1-5",
    "inspect v1-5-pruned-emaonly.safetensors",
    "inspect ink.safetensors --base v1-5-pruned-emaonly.safetensors",
    "inspect ./control_v11p_sd15_canny --base ./stable-diffusion-v1-5",
  ],
  run: inspectModel,
};

async function inspectModel({ flags, words }: Arguments, { stdout, signal }: Surroundings): Promise<number> {
  const [path, ...more] = words;
  if (path === undefined) throw misused("inspect", "inspect needs a model: underdraw inspect FILE|FOLDER.");
  if (more.length > 0) throw misused(more[0] as string, `inspect looks at one model, and "${more[0]}" is one more.`);
  const base = flags.get("base");
  const held =
    base === undefined ? undefined : base === "pack" ? (await chooseModel(undefined)).base : await openPlace(base);
  const found = await inspect(await openPlace(path), held, { signal });
  stdout.write(flags.has("json") ? `${JSON.stringify(found)}\n` : inspectionInWords(found, path));
  return found.problems.length > 0 || found.fit?.fits === false ? exitCodes.failed : exitCodes.done;
}
