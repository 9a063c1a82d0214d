import { UnderdrawError } from "../core/errors.ts";
import type { NetExport, TrainingReport } from "./training.ts";

// The card of a trained net: what Hugging Face's hub and people read of it. Whatever a person wrote stays text in it.

/** What the card tells of the files beside it. */
export interface NetCardFiles {
  /** The single file's path, where there is one. */
  readonly single?: string;
}

/** Rows of the loss curve. */
const CURVE_ROWS = 12;

/**
 * README.md of a net: a YAML head for the hub, and what it is, learnt from and measured as, with the code that loads it.
 * Throws `request-invalid` without a licence or a name.
 */
export function netCard(report: TrainingReport, about: NetExport, { single }: NetCardFiles = {}): string {
  const [name, licence] = [plain(about.name), plain(about.licence)];
  checkGiven({ name, licence });
  const base = plain(report.base) || "a checkpoint";
  const parts = [
    head(licence, base),
    `# ${escaped(name)}`,
    ...(plain(about.about ?? "") ? [escaped(plain(about.about ?? ""))] : []),
    `A ControlNet for ${escaped(base)}, trained with Underdraw. ${what(report)}`,
    "## Licence",
    `${escaped(licence.replace(/\.$/, ""))}. The terms of ${escaped(base)} hold as well.`,
    "## What it learnt from",
    table(["", ""], learnt(report)),
    "## How",
    table(["Setting", "Value"], settings(report)),
    "## Loss",
    curve(report),
    "## Held-out pairs",
    measures(report),
    "## The base is unchanged",
    locked(report),
    "## Use",
    use(base, single),
  ];
  return `${parts.join("\n\n")}\n`;
}

function checkGiven(given: Readonly<Record<"name" | "licence", string>>): void {
  const needs = {
    name: "must be given: the card is headed by it",
    licence: "must be given, an SPDX id (CC-BY-4.0) or a sentence: nobody but the net's maker can say it",
  };
  const issues = (["name", "licence"] as const)
    .filter((path) => given[path] === "")
    .map((path) => ({ path, message: needs[path] }));
  if (issues.length === 0) return;
  const text = issues.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw new UnderdrawError("request-invalid", `The net cannot be written: ${text}.`, { issues });
}

/** Text of a person in one line: no line breaks, no controls, no signs that turn text around. */
const plain = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\s\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff]+/gu, " ")
    .trim()
    .slice(0, 2000)
    // A cut may have halved a sign.
    .replace(/\p{Cs}$/u, "");

/** Plain text as Markdown that shows it: signs that would be more than themselves get a backslash. */
const escaped = (text: string): string =>
  text
    .replace(/[\\`*_{}[\]<>()#|~&!$@:]/g, "\\$&")
    .replace(/^([-+=]|\d+(?=[.]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`));

/** Plain text in YAML and in code: a string of JSON is one of both. */
const inQuotes = (text: string): string => JSON.stringify(text);

function head(licence: string, base: string): string {
  const isId = /^[A-Za-z0-9][A-Za-z0-9.+-]{0,63}$/.test(licence);
  const terms = isId
    ? [`license: ${inQuotes(licence.toLowerCase())}`]
    : ["license: other", `license_name: ${inQuotes(licence)}`];
  const tags = ["controlnet", "diffusers", "image-to-image", "underdraw"].map((tag) => `  - ${tag}`);
  return ["---", ...terms, `base_model: ${inQuotes(base)}`, "library_name: diffusers", "tags:", ...tags, "---"].join(
    "\n",
  );
}

function what({ mode, trained, locked: fixed, steps }: TrainingReport): string {
  const how =
    mode === "whole"
      ? "a copy of the base's encoder and middle, the hint block and zero convolutions"
      : "the hint block, zero convolutions, and low-rank parts beside a copy of the base's encoder, which are merged in";
  return `What learnt: ${how}; ${trained} numbers in ${steps} steps. ${fixed} numbers of the base's UNet${mode === "light" ? " and the copy" : ""} were locked.`;
}

type Row = readonly (string | number)[];

/** Cells are Markdown already. */
const table = (titles: readonly string[], rows: readonly Row[]): string =>
  [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const figure = (value: number): string => String(Number(value.toPrecision(4)));

function learnt({ pairs, heldOut, data, condition }: TrainingReport): Row[] {
  return [
    ["Pairs", `${pairs} learnt from, ${heldOut} held out`],
    ["Condition of the maps", condition === null ? "not named" : escaped(plain(condition))],
    [
      "SHA-256 of the pairs (of more than 1000: of all names, and of 200 pairs)",
      `\`${plain(data).replaceAll("`", "")}\``,
    ],
  ];
}

/** The settings in words that need no list of ours. */
function settings({ steps, batch, width, height, mode, seconds, settings: given }: TrainingReport): Row[] {
  const { steps: _, minutes: __, ...rest } = given;
  const own = Object.entries(rest).map(([key, value]) => [
    // learningRate: learning rate
    key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    typeof value === "number" ? figureOrWhole(value) : String(value),
  ]);
  return [
    ["mode", mode],
    ["steps", steps],
    ["pairs a step", `${batch} (times ${given.accumulate})`],
    ["pictures", `${width} x ${height}`],
    ["minutes", figure(seconds / 60)],
    ...own,
  ];
}

const figureOrWhole = (value: number): string => (Number.isInteger(value) ? String(value) : figure(value));

function curve({ curve: points }: TrainingReport): string {
  if (points.length === 0) return "No step was made.";
  const rows = Math.min(CURVE_ROWS, points.length);
  const shown = Array.from(
    { length: rows },
    (_, n) => points[Math.round((n * (points.length - 1)) / Math.max(1, rows - 1))] ?? [0, 0],
  );
  const most = Math.max(...shown.map(([, loss]) => loss));
  const bar = (loss: number) => "█".repeat(most > 0 ? Math.max(1, Math.round((20 * loss) / most)) : 0);
  return table(
    ["Step", "Mean loss", ""],
    shown.map(([step, loss]) => [step, figure(loss), bar(loss)]),
  );
}

function measures({ measures: all, heldOut, condition }: TrainingReport): string {
  if (all.length === 0)
    return heldOut === 0 ? "No pairs were held out, so nothing was measured." : "Nothing was measured.";
  const last = all.at(-1);
  const rows = all.filter((_, n) => n === all.length - 1 || n % Math.ceil(all.length / CURVE_ROWS) === 0);
  const shown = rows.map(({ step, loss, baseLoss, fidelity, converged }) => [
    step,
    figure(loss),
    figure(baseLoss),
    ...(fidelity ? [fidelity.value, fidelity.chance, fidelity.gain].map(figure) : ["–", "–", "–"]),
    converged ? "yes" : "no",
  ]);
  const titles = ["Step", "Loss", "Loss without the net", "Fidelity", "Chance", "Gain", "Follows its maps"];
  const told = last?.fidelity
    ? "Fidelity: the map is seen again in the picture that was drawn from it, and compared. Chance: the same for maps that have nothing to do with each other. Gain: the share of the way from chance to full agreement."
    : condition === null
      ? "Nobody said what the maps show, so it was not looked for in pictures, and only the loss tells."
      : "This condition was not seen again in pictures, so only the loss tells.";
  return `${told}\n\n${table(titles, shown)}`;
}

function locked({ lockedBefore, lockedAfter, firstDifference }: TrainingReport): string {
  const same = lockedBefore === lockedAfter;
  const rows = [
    ["before the first step", `\`${plain(lockedBefore).replaceAll("`", "")}\``],
    ["after the last", `\`${plain(lockedAfter).replaceAll("`", "")}\``],
  ];
  const verdict = same
    ? "The locked weights were the same, byte for byte, before and after."
    : "**The locked weights changed while this net was trained: do not trust it.**";
  const start =
    firstDifference === null
      ? ""
      : ` Before its first step the net changed a prediction by ${firstDifference} at the most.`;
  return `${verdict}${start}\n\n${table(["Locked weights", "SHA-256"], rows)}`;
}

function use(base: string, single: string | undefined): string {
  const quotedBase = inQuotes(base);
  const alone =
    single === undefined
      ? ""
      : `\n\n\`${plain(single).replaceAll("`", "")}\` is the same net under the original names, for programs that take one file. It does not tell the number of heads and groups: take the folder where you can.`;
  return `In Underdraw, from inside this folder; \`map\` is a map of the condition above:

\`\`\`ts
import { Engine } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";

// The checkpoint that it was trained on, or another of its family.
const base = nodeModel(${quotedBase});
await using engine = new Engine();
await using pipeline = await engine.load({ base, nets: { mine: nodeModel(".") } });
const { pixels } = await pipeline.generate({ prompt: "", controls: [{ net: "mine", map }] });
\`\`\`

In diffusers:

\`\`\`python
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline

net = ControlNetModel.from_pretrained(".", torch_dtype=torch.float16)
base = ${quotedBase}
pipeline = StableDiffusionControlNetPipeline.from_pretrained(base, controlnet=net, torch_dtype=torch.float16)
picture = pipeline("", image=map_picture).images[0]
\`\`\`${alone}`;
}
