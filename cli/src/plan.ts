import {
  type ConditionMap,
  type DetectorFiles,
  type GenerateRequest,
  type Recipe,
  requestOfRecipe,
  type Warning,
} from "@underdraw/engine";
import type { Arguments, FlagGroup } from "./command.ts";
import { checkControl, targetFrom, withSettings } from "./control-flags.ts";
import { controlFromFlags, maskFrom, type PlannedControl, type Planning, saveMapOf } from "./control-plan.ts";
import { misused } from "./failure.ts";
import { checkInit, initFrom, withInitMask } from "./init-flags.ts";
import { askedFilesFrom, type ModelFiles, modelFilesFrom } from "./model-flags.ts";
import { readRecipe } from "./recipe-file.ts";
import { choiceFrom, numberFrom, seedFrom, sizeFrom, variationFrom } from "./values.ts";

// What `draw` is asked to do, from flags or from a picture's recipe. A flag beside a recipe takes the place of what the
// recipe says.

/** A picture that is to be drawn. What is absent is the model's to choose. */
export interface Plan {
  readonly request: Omit<GenerateRequest, "controls">;
  readonly controls: readonly PlannedControl[];
  /** What the model is loaded with. */
  readonly files: ModelFiles;
  /** Files of models that see, by their names: how well a map is followed may be measured with them. */
  readonly detectors: DetectorFiles;
  readonly warnings: readonly Warning[];
  /** The recipe that it was read from. */
  readonly recipe?: Recipe;
}

type Given = Omit<Arguments, "words">;

type Settings = Partial<Omit<GenerateRequest, "controls" | "init">>;

/** The settings that flags give, each checked. Throws `request-invalid` for the first that cannot be meant. */
function settingsFrom(flags: Arguments["flags"]): Settings {
  const read = <Key extends string, Value>(key: Key, name: string, turn: (text: string) => Value) => {
    const text = flags.get(name);
    return (text === undefined ? {} : { [key]: turn(text) }) as { readonly [key in Key]?: Value };
  };
  const number = (name: string, limits: { least: number; most: number; whole?: boolean }) => (text: string) =>
    numberFrom(`--${name}`, text, limits);
  const asIs = (text: string) => text;
  return {
    ...read("prompt", "prompt", asIs),
    ...read("negativePrompt", "negative", asIs),
    ...read("size", "size", sizeFrom).size,
    ...read("seed", "seed", seedFrom),
    ...read("steps", "steps", number("steps", { least: 1, most: 1000, whole: true })),
    ...read("guidance", "guidance", number("guidance", { least: 0, most: 100 })),
    ...read("guidanceRescale", "guidance-rescale", number("guidance-rescale", { least: 0, most: 1 })),
    ...read("clipSkip", "clip-skip", number("clip-skip", { least: 0, most: 99, whole: true })),
    ...read("sampler", "sampler", asIs),
    ...read("promptSyntax", "prompt-syntax", (text) => choiceFrom("--prompt-syntax", text, ["weighted", "plain"])),
    ...read("rng", "rng", (text) => choiceFrom("--rng", text, ["torch", "cuda"])),
    ...read("variation", "variation", variationFrom),
    ...read("tiles", "tiles", (text) => choiceFrom("--tiles", text, ["auto", "always", "never"])),
  };
}

/** Refuses what can be refused without opening a file. */
export function checkDrawing(given: Given): void {
  const again = given.flags.has("recipe");
  const { flags, groups } = withInitMask(given, given.flags.has("init"));
  settingsFrom(flags);
  askedFilesFrom(given);
  for (const [at, group] of groups.entries()) checkControl(group, at, { hasMap: again });
  // A picture to begin with, or a model of one's own, can draw by the prompt alone; the pack without a map is a slip.
  const alone = again || flags.has("init") || flags.has("model");
  if (!alone && groups.length === 0) checkControl(new Map(), 0, { hasMap: false });
  if (!again && !flags.has("prompt")) {
    throw misused("--prompt", 'There is no prompt. Say what to draw: --prompt "flat emoji of a red apple".');
  }
  checkInit(flags, { hasInit: again || flags.has("init"), hasMask: again || flags.has("mask") });
  targetFrom(groups);
}

/** The plan of a command line that names maps, or pictures to see them in. */
export async function planFromFlags(given: Given, planning: Planning): Promise<Plan> {
  checkDrawing(given);
  const { flags, groups } = withInitMask(given, given.flags.has("init"));
  const { prompt = "", ...settings } = settingsFrom(flags);
  const warnings: Warning[] = [];
  const controls: PlannedControl[] = [];
  for (const group of groups) controls.push(await controlFromFlags(group, planning, warnings));
  const init = await initFrom(flags, undefined, planning, warnings);
  return {
    request: { negativePrompt: "", promptSyntax: "weighted", ...settings, ...init, prompt },
    controls,
    files: await modelFilesFrom(given, planning.signal),
    detectors: Object.assign({}, ...controls.map(({ detectors }) => detectors)),
    warnings,
  };
}

/** The plan that a PNG file of ours holds, with flags in place of what it says. */
export async function planFromRecipe(path: string, given: Given, planning: Planning): Promise<Plan> {
  checkDrawing(given);
  const recipe = await readRecipe(path, "draw again", planning.signal);
  const { controls: held, init, ...request } = await requestOfRecipe(recipe, { name: path, signal: planning.signal });
  const { flags, groups } = withInitMask(given, given.flags.has("init") || init !== undefined);
  if (groups.length > held.length) {
    const count = held.length === 1 ? "1 control" : `${held.length} controls`;
    const message = `The recipe in ${path} has ${count}, and the flags change ${groups.length}. Leave out what is for control ${held.length + 1}.`;
    throw misused("--control", message);
  }
  const warnings: Warning[] = [];
  const controls: PlannedControl[] = [];
  for (const [at, { net: _net, ...control }] of held.entries()) {
    const group: FlagGroup = groups[at] ?? new Map();
    const net = group.get("net");
    controls.push({
      ...readersOf(control.map, recipe.controls[at]),
      ...(net !== undefined && { net }),
      ...saveMapOf(group),
      control: { ...withSettings(control, group), ...(await maskFrom(group, planning, warnings)) },
    });
  }
  return {
    request: { ...request, ...settingsFrom(flags), ...(await initFrom(flags, init, planning, warnings)) },
    controls,
    files: await modelFilesFrom(given, planning.signal),
    detectors: {},
    warnings,
    recipe,
  };
}

/** The net that a recipe was made with reads its map, whatever else could. */
function readersOf({ condition }: ConditionMap, control: Recipe["controls"][number] | undefined) {
  return { condition, readers: control ? [control.net.name] : [] };
}
