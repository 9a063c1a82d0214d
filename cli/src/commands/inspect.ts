import { type Inspection, inspect } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { exitCodes, misused } from "../failure.ts";
import { chooseModel } from "../model-choice.ts";

/** `underdraw inspect`: what a model is, and what it lacks. */
export const inspectCommand: Command = {
  name: "inspect",
  about: "Tell what a model is: family, parts, parameters, number types, what is missing.",
  usage: ["inspect FILE|FOLDER [--base FILE|FOLDER] [--json]"],
  flags: {
    Flags: [
      {
        name: "base",
        value: "PATH",
        help: 'a base model: tells whether a control net fits it; "pack" is the one that comes along',
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
    "inspect ./control_v11p_sd15_canny --base ./stable-diffusion-v1-5",
  ],
  run: inspectModel,
};

async function inspectModel({ flags, words }: Arguments, { stdout, signal }: Surroundings): Promise<number> {
  const [path, ...more] = words;
  if (path === undefined) throw misused("inspect", "inspect needs a model: underdraw inspect FILE|FOLDER.");
  if (more.length > 0) throw misused(more[0] as string, `inspect looks at one model, and "${more[0]}" is one more.`);
  const base = flags.get("base");
  const held = base === undefined ? undefined : base === "pack" ? (await chooseModel(undefined)).base : nodeModel(base);
  const found = await inspect(nodeModel(path), held, { signal });
  stdout.write(flags.has("json") ? `${JSON.stringify(found)}\n` : inWords(found));
  return found.problems.length > 0 || found.fit?.fits === false ? exitCodes.failed : exitCodes.done;
}

const kinds: Readonly<Record<Inspection["kind"], string>> = {
  base: "a base model",
  net: "a control net",
  unet: "a UNet alone",
  vae: "a VAE alone",
  "text-encoder": "a text encoder alone",
  lora: "a LoRA",
  unknown: "nothing that is known here",
};

function inWords({ name, kind, family, parts, problems, warnings, prediction, fit }: Inspection): string {
  const total = parts.reduce((sum, { parameters }) => sum + parameters, 0);
  const width = Math.max(0, ...parts.map(({ part }) => part.length));
  const lines = [
    `${name}: ${kinds[kind]}${family === null ? "" : `, family ${family}`}, ${amount(total)} parameters`,
    ...parts.map(({ part, tensors, parameters, dtypes }) => {
      const types = Object.entries(dtypes).map(([type, count]) => `${count} ${type}`);
      return `  ${part.padEnd(width)}  ${amount(parameters).padStart(9)} parameters in ${tensors} tensors: ${types.join(", ")}`;
    }),
    ...(prediction ? [`  predicts ${prediction.type}: ${prediction.evidence}`] : []),
    ...(fit ? [fit.fits ? "  fits the base" : `  does not fit the base: ${fit.reason}`] : []),
    ...warnings.map((warning) => `  assumed: ${warning}`),
    ...problems.map((problem) => `  problem: ${problem}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** A count in thousands, millions or billions, with three digits. */
function amount(count: number): string {
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (count >= size) return `${(count / size).toPrecision(3)} ${unit}`;
  }
  return String(count);
}
