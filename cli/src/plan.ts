import {
  builtInConditions,
  type ConditionMap,
  Engine,
  parseRecipe,
  type Recipe,
  recipeKeyword,
  UnderdrawError,
  type Warning,
} from "@underdraw/engine";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { chooseCondition, conditionFrom, kindOf } from "./condition-choice.ts";
import { misused } from "./failure.ts";
import { inverted, readPictureFile } from "./input-picture.ts";
import type { ProgressBar } from "./progress.ts";
import { readSource } from "./source-file.ts";
import { numberFrom, rangeFrom, seedFrom, sizeFrom } from "./values.ts";

// What `draw` is asked to do, from flags or from a picture's recipe. A flag beside a recipe takes the place of what the
// recipe says.

/** One control of a picture that is to be drawn. */
export interface PlannedControl {
  readonly map: ConditionMap;
  /** The map as a PNG file, as the recipe keeps it. */
  readonly png: Uint8Array;
  /** The names of the nets that read it, the best first. */
  readonly nets: readonly string[];
  readonly weight: number;
  readonly range: readonly [start: number, end: number];
  /** The net that the recipe was made with. */
  readonly recorded?: Recipe["model"];
}

/** A picture that is to be drawn. What is absent is the model's to choose. */
export interface Plan {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly controls: readonly PlannedControl[];
  readonly size?: { readonly width: number; readonly height: number };
  readonly seed?: bigint;
  readonly steps?: number;
  readonly guidance?: number;
  readonly sampler?: string | { readonly _class_name: string };
  readonly warnings: readonly Warning[];
  /** The recipe that it was read from. */
  readonly recipe?: Recipe;
}

/** What planning needs besides the flags. */
interface Planning {
  readonly bar: ProgressBar;
  readonly signal: AbortSignal;
}

/** The settings that flags give, each checked. Throws `request-invalid` for the first that cannot be meant. */
export function settingsFrom(flags: ReadonlyMap<string, string>): Partial<Omit<Plan, "controls">> & {
  readonly weight?: number;
  readonly range?: readonly [start: number, end: number];
} {
  const read = <T>(name: string, turn: (text: string) => T): T | undefined => {
    const text = flags.get(name);
    return text === undefined ? undefined : turn(text);
  };
  return withoutUndefined({
    prompt: flags.get("prompt"),
    negativePrompt: flags.get("negative"),
    weight: read("weight", (text) => numberFrom("--weight", text, { least: 0, most: 10 })),
    range: read("range", rangeFrom),
    size: read("size", sizeFrom),
    seed: read("seed", seedFrom),
    steps: read("steps", (text) => numberFrom("--steps", text, { least: 1, most: 1000, whole: true })),
    guidance: read("guidance", (text) => numberFrom("--guidance", text, { least: 0, most: 100 })),
    sampler: flags.get("sampler"),
  });
}

/** A record without the keys that hold nothing. */
function withoutUndefined<T extends Record<string, unknown>>(
  record: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

/** The plan of a command line that names a map or a picture to see one in. */
export async function planFromFlags(flags: ReadonlyMap<string, string>, planning: Planning): Promise<Plan> {
  const { weight = 1, range = [0, 1], ...settings } = settingsFrom(flags);
  const [mapPath, sourcePath] = [flags.get("map"), flags.get("from")];
  if (mapPath !== undefined && sourcePath !== undefined) {
    throw misused("--map", "--map and --from exclude each other: give the map, or the picture to see one in.");
  }
  if (mapPath === undefined && sourcePath === undefined) {
    const message =
      "There is no map. Give one with --map FILE, or a picture to see one in with --from FILE --condition canny.";
    throw misused("--map", message);
  }
  const { prompt } = settings;
  if (prompt === undefined) {
    throw misused("--prompt", 'There is no prompt. Say what to draw: --prompt "flat emoji of a red apple".');
  }
  const invert = flags.has("invert");
  const warnings: Warning[] = [];
  const map =
    mapPath !== undefined
      ? await givenMap(mapPath, flags.get("condition"), invert, planning)
      : await seenMap(sourcePath as string, flags.get("condition"), invert, planning, warnings);
  const png = await writePicture(map.pixels, { format: "png" });
  const nets = map.nets ?? [map.condition];
  return { negativePrompt: "", ...settings, prompt, controls: [{ map, png, nets, weight, range }], warnings };
}

/** A map from a file. Its condition is only a name here: it says which net reads it. */
async function givenMap(
  path: string,
  named: string | undefined,
  invert: boolean,
  planning: Planning,
): Promise<ConditionMap> {
  const { id, options } = conditionFrom(named ?? "lines");
  if (options.size > 0) {
    const message = `--condition ${named} has options, and a map that is given is not drawn anew. Leave them out, or give the picture with --from.`;
    throw misused("--condition", message);
  }
  const { pixels, notes } = await readPictureFile(path, planning.signal);
  for (const note of notes) planning.bar.line(`${path}: ${note}`);
  const kind = builtInConditions.find((candidate) => candidate.id === id);
  return {
    condition: id,
    pixels: invert ? inverted(pixels) : pixels,
    ...(kind && { nets: kind.nets, background: kind.convention.background }),
  };
}

/** A map that is seen in a picture, a drawing or a pose. */
async function seenMap(
  path: string,
  named: string | undefined,
  invert: boolean,
  { bar, signal }: Planning,
  warnings: Warning[],
): Promise<ConditionMap> {
  if (named === undefined) {
    throw misused("--condition", `--from needs to know what to see in ${path}: add --condition canny.`);
  }
  const { id, options } = conditionFrom(named);
  const kind = kindOf("--condition", id);
  const chosen = chooseCondition(kind, options);
  const read = await readSource(path, chosen.condition, { signal });
  for (const note of read.notes) bar.line(`${path}: ${note}`);
  await using engine = new Engine();
  const map = await engine.extract(chosen.condition, read.source, { signal, onProgress: bar.part(0, 0.04) });
  warnings.push(...read.warnings, ...(map.warnings ?? []));
  return invert ? { ...map, pixels: inverted(map.pixels) } : map;
}

/** The plan that a PNG file of ours holds, with flags in place of what it says. */
export async function planFromRecipe(
  path: string,
  flags: ReadonlyMap<string, string>,
  planning: Planning,
): Promise<Plan> {
  for (const name of ["map", "from", "condition", "invert"]) {
    if (!flags.has(name)) continue;
    throw misused(
      `--${name}`,
      `--recipe holds its own map, so that --${name} has no place beside it. Leave one of them out.`,
    );
  }
  const settings = settingsFrom(flags);
  const { text, format } = await readPictureFile(path, planning.signal);
  const json = text.get(recipeKeyword);
  if (json === undefined) {
    const why =
      format === "png"
        ? "it was not drawn by underdraw, or a program that saved it since left it out"
        : "only PNG files keep one";
    const reason = `it holds no recipe: ${why}`;
    throw new UnderdrawError(
      "file-invalid",
      `Cannot draw ${path} again: ${reason}. Give a PNG file as underdraw draw wrote it.`,
      {
        file: path,
        reason,
      },
    );
  }
  const recipe = parseRecipe(json, path);
  const controls: PlannedControl[] = [];
  for (const control of recipe.controls) {
    const png = Buffer.from(control.map, "base64");
    const { pixels } = await readPicture(png, { name: `the map in ${path}`, signal: planning.signal });
    const kind = builtInConditions.find(({ id }) => id === control.condition);
    controls.push({
      map: {
        condition: control.condition,
        pixels,
        ...(kind && { nets: kind.nets, background: kind.convention.background }),
      },
      png,
      nets: [control.net.name],
      weight: settings.weight ?? control.weight,
      range: settings.range ?? control.range,
      recorded: control.net,
    });
  }
  const { weight: _weight, range: _range, ...others } = settings;
  return {
    prompt: recipe.prompt,
    negativePrompt: recipe.negativePrompt,
    size: { width: recipe.width, height: recipe.height },
    seed: BigInt(recipe.seed),
    steps: recipe.steps,
    guidance: recipe.guidance,
    ...(recipe.sampler !== null && { sampler: recipe.sampler }),
    ...others,
    controls,
    warnings: [],
    recipe,
  };
}
