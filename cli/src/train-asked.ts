import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { TrainingSettings, TrainRequest } from "@underdraw/engine";
import type { Arguments } from "./command.ts";
import { type ConditionText, conditionFrom, kindOf } from "./condition-choice.ts";
import { misused } from "./failure.ts";
import { choiceFrom, numberFrom, readNumber, sizeFrom } from "./values.ts";

// What the flags of `train` mean. Nothing is opened here.

/** Minutes of a run where nobody says how long. */
export const usualMinutes = 30;

/** What stands for the terms of a net in a command to copy: nobody but the net's maker can say them. */
export const termsToSay = "YOUR-TERMS";

/** What a command line asks to train. */
export interface TrainAsked {
  /** Where pairs or pictures lie. */
  readonly data: { readonly kind: "pairs" | "pictures"; readonly folder: string; readonly invert: boolean };
  /** What the maps show, or what draws them; null where nothing is said. */
  readonly condition: ConditionText | null;
  readonly detector: string | undefined;
  /** The base and the net to begin with, as they were written. */
  readonly model: string | undefined;
  readonly from: string | undefined;
  readonly request: Omit<TrainRequest, "base" | "from">;
  readonly settings: TrainingSettings;
  /** Whether flags say how long it trains. */
  readonly isEndGiven: boolean;
  readonly device: "cpu" | "webgpu";
  readonly out: string;
  readonly isOutGiven: boolean;
  readonly name: string;
  readonly licence: string | null;
  readonly asJson: boolean;
}

/** Reads the flags. Throws `request-invalid` for the first that cannot be meant. */
export function trainFrom({ flags, words }: Pick<Arguments, "flags" | "words">): TrainAsked {
  if (words.length > 0) throw misused(words[0] as string, `train has no place for "${words[0]}". ${hint}`);
  const data = dataFrom(flags);
  const out = flags.get("out") ?? besideOf(data.folder);
  if (isInside(out, data.folder)) {
    const message = `--out "${out}" lies in the folder of the data, where its samples would be taken for data. Choose a folder beside it.`;
    throw misused("--out", message);
  }
  const name = flags.get("name") ?? basename(resolve(data.folder));
  const licence = flags.get("licence") ?? null;
  if (name.trim() === "") throw misused("--name", "--name needs a name for the net.");
  if (licence?.trim() === "") {
    throw misused("--licence", "--licence needs the terms under which the net may be used, such as CC-BY-4.0.");
  }
  if (licence?.trim().toUpperCase() === termsToSay) {
    const message = `--licence ${licence} stands for terms that only you can say: write those under which the net may be used in its place, such as CC-BY-4.0 or a sentence.`;
    throw misused("--licence", message);
  }
  if (flags.has("model") && flags.has("base")) {
    throw misused("--base", "--base is another word for --model, and both are given. Leave one out.");
  }
  const device = flags.get("device");
  return {
    data,
    condition: conditionOf(flags, data),
    detector: flags.get("detector"),
    model: flags.get("model") ?? flags.get("base"),
    from: flags.get("from"),
    request: requestFrom(flags),
    settings: settingsFrom(flags),
    isEndGiven: flags.has("minutes") || flags.has("steps"),
    device: device === undefined ? "cpu" : choiceFrom("--device", device, ["cpu", "webgpu"]),
    out,
    isOutGiven: flags.has("out"),
    name,
    licence,
    asJson: flags.has("json"),
  };
}

const hint = "Write what it learns from as --pairs DIR, or --pictures DIR --condition canny.";

function dataFrom(flags: Arguments["flags"]): TrainAsked["data"] {
  const [pairs, pictures] = [flags.get("pairs"), flags.get("pictures")];
  if (pairs !== undefined && pictures !== undefined) {
    throw misused("--pairs", "--pairs and --pictures exclude each other: give maps with pictures, or pictures alone.");
  }
  const folder = pairs ?? pictures;
  if (folder === undefined) throw misused("--pairs", `There is nothing to learn from. ${hint}`);
  const kind = pairs === undefined ? "pictures" : "pairs";
  if (folder === "") throw misused(`--${kind}`, `--${kind} needs a folder.`);
  const invert = flags.has("invert");
  if (invert && kind === "pictures") {
    const message = "--invert is for maps that are given, and --pictures has its maps drawn. Leave it out.";
    throw misused("--invert", message);
  }
  return { kind, folder, invert };
}

function conditionOf(flags: Arguments["flags"], { kind }: TrainAsked["data"]): ConditionText | null {
  const text = flags.get("condition");
  if (kind === "pairs" && flags.has("detector")) {
    throw misused("--detector", "--detector draws maps, and --pairs has them already. Leave it out.");
  }
  if (text === undefined) {
    if (kind === "pairs") return null;
    throw misused("--condition", "--pictures needs to know what draws the maps: add --condition canny.");
  }
  const condition = conditionFrom(text);
  kindOf("--condition", condition.id);
  if (kind === "pairs" && condition.options.size > 0) {
    const message = `--condition ${text} has options, and maps that are given are not drawn anew. Leave them out, or give --pictures.`;
    throw misused("--condition", message);
  }
  return condition;
}

function requestFrom(flags: Arguments["flags"]): TrainAsked["request"] {
  const [size, memory, prediction] = ["size", "memory", "prediction"].map((name) => flags.get(name));
  const mode = flags.get("mode");
  const learns = mode === undefined ? {} : { mode: choiceFrom("--mode", mode, ["whole", "light"]) };
  const rank = numberOf(flags, "rank", { least: 1, most: 128, whole: true });
  if (rank !== undefined && learns.mode !== "light") {
    throw misused(
      "--rank",
      "--rank is that of low-rank parts, which --mode light trains. Add it, or leave --rank out.",
    );
  }
  const batch = numberOf(flags, "batch", { least: 1, most: 1024, whole: true });
  const isV = prediction !== undefined && choiceFrom("--prediction", prediction, ["epsilon", "v"]) === "v";
  return {
    ...learns,
    ...(rank !== undefined && { rank }),
    ...(batch !== undefined && { batch }),
    ...(size !== undefined && sizeFrom(size)),
    ...(memory !== undefined && { memory: bytesFrom("--memory", memory) }),
    ...(prediction !== undefined && { facts: { scheduler: { prediction_type: isV ? "v_prediction" : "epsilon" } } }),
  };
}

function settingsFrom(flags: Arguments["flags"]): TrainingSettings {
  const whole = (name: string, least: number, most: number) => numberOf(flags, name, { least, most, whole: true });
  const some = (name: string, least: number, most: number) => numberOf(flags, name, { least, most });
  const [steps, minutes] = [whole("steps", 1, 1e7), some("minutes", 0.001, 1e6)];
  const every = whole("every", 1, 1e7);
  const given = {
    steps,
    minutes: minutes ?? (steps === undefined ? usualMinutes : undefined),
    accumulate: whole("accumulate", 1, 1024),
    learningRate: some("learning-rate", 0, 10),
    seed: whole("seed", 0, 2 ** 32 - 1),
    heldOut: whole("held-out", 0, 10_000),
    measureEvery: every,
    checkpointEvery: every,
    mirror: flags.has("no-mirror") ? false : undefined,
    shift: whole("shift", 0, 4096),
    mean: some("mean", 0.5, 0.999999),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as TrainingSettings;
}

function numberOf(
  flags: Arguments["flags"],
  name: string,
  limits: { readonly least: number; readonly most: number; readonly whole?: boolean },
): number | undefined {
  const text = flags.get(name);
  return text === undefined ? undefined : numberFrom(`--${name}`, text, limits);
}

/** Bytes as "8GB" or "6000 MB". */
function bytesFrom(flag: string, text: string): number {
  const [, number = "", unit = ""] = /^\s*([\d.e+-]+)\s*([kmgt])i?b?\s*$/i.exec(text) ?? [];
  const value = readNumber(number);
  const size = { k: 1e3, m: 1e6, g: 1e9, t: 1e12 }[unit.toLowerCase()];
  if (value !== undefined && value > 0 && size !== undefined) return Math.round(value * size);
  throw misused(flag, `${flag} must be a size with its unit such as 8GB or 6000MB, not "${text}".`);
}

/** The folder beside that of the data, as a path of the same kind. */
function besideOf(folder: string): string {
  const place = resolve(folder);
  const beside = join(dirname(place), `${basename(place)}-net`);
  return isAbsolute(folder) ? beside : relative(process.cwd(), beside);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === "" || !(way.startsWith("..") || resolve(way) === way);
}
