import type { Recipe, RecipeControl, RecipeInit } from "./recipe.ts";
import {
  inText,
  modelChange as model,
  quoted,
  type RecipeChange,
  valueChange as value,
  wholeChange as whole,
} from "./recipe-change.ts";
import { addedChanges } from "./recipe-diff-added.ts";
import { recipeSchemas } from "./recipe-schema.ts";

// What tells two recipes apart, for people: in the order in which a recipe is read, controls by what they are and not by
// their place. Pictures are compared by their fingerprints, so that nothing is decoded.

/** What differs in `b` from `a`, in a steady order; empty where both draw the same picture on the same device. */
export function diffRecipes(a: Recipe, b: Recipe): readonly RecipeChange[] {
  const size = ({ width, height }: Recipe) => `${width}x${height}`;
  const sampler = (recipe: Recipe) => samplerText(recipe.sampler);
  const device = ({ device }: Recipe) => `${device.provider} in ${device.precision}`;
  return [
    ...model("model", "Model", a.model, b.model),
    ...addedChanges(a, b),
    ...value("prompt", "Prompt", quoted(a.prompt), quoted(b.prompt)),
    ...value("negativePrompt", "Negative prompt", quoted(a.negativePrompt), quoted(b.negativePrompt)),
    ...value("promptSyntax", "Prompt syntax", a.promptSyntax, b.promptSyntax),
    ...controls(a.controls, b.controls),
    ...begin(a.init, b.init),
    ...value("width", "Size", size(a), size(b)),
    ...value("seed", "Seed", String(a.seed), String(b.seed)),
    ...value("rng", "Random numbers", a.rng, b.rng),
    ...value("variation", "Variation", variationText(a.variation), variationText(b.variation)),
    ...value("batch", "Place in the batch", batchText(a.batch), batchText(b.batch)),
    ...value("steps", "Steps", String(a.steps), String(b.steps)),
    ...value("guidance", "Guidance", String(a.guidance), String(b.guidance)),
    ...value("guidanceRescale", "Guidance rescale", String(a.guidanceRescale), String(b.guidanceRescale)),
    ...value("clipSkip", "Skipped layers of the text encoder", String(a.clipSkip), String(b.clipSkip)),
    ...value("sampler", "Sampler", sampler(a), sampler(b)),
    ...value("tiles", "Tiles of the VAE", a.tiles, b.tiles),
    ...value("device", "Device", device(a), device(b)),
    ...unknown("", "The recipe", a, b, recipeSchemas.recipe.shape),
  ];
}

function controls(before: readonly RecipeControl[], after: readonly RecipeControl[]): readonly RecipeChange[] {
  const found = pairs(before, after);
  const changes: RecipeChange[] = [];
  for (const [at, control] of after.entries()) {
    const was = found.get(at);
    if (was !== undefined) changes.push(...changed(before[was] as RecipeControl, control, at));
    else changes.push(whole(`controls.${at}`, called(control, at), null, control.net.name, "was added"));
  }
  const kept = new Set(found.values());
  for (const [at, control] of before.entries())
    if (!kept.has(at))
      changes.push(whole(`controls.${at}`, called(control, at), control.net.name, null, "was taken away"));
  return changes;
}

/** Ways in which a control is known again, the surest first. */
const likeness: readonly ((one: RecipeControl, other: RecipeControl) => boolean)[] = [
  (one, other) => isSameKind(one, other) && isSameMap(one, other),
  isSameKind,
  (one, other) => isSameMap(one, other),
  (one, other) => one.condition === other.condition,
  (one, other) => one.net.name === other.net.name,
];

/** For each later control its earlier one, by number; none for one that is new. */
function pairs(before: readonly RecipeControl[], after: readonly RecipeControl[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const taken = new Set<number>();
  for (const isLike of likeness)
    for (const [at, control] of after.entries()) {
      if (found.has(at)) continue;
      const was = before.findIndex((one, n) => !taken.has(n) && isLike(one, control));
      if (was < 0) continue;
      found.set(at, was);
      taken.add(was);
    }
  return found;
}

function isSameKind(one: RecipeControl, other: RecipeControl): boolean {
  return one.net.name === other.net.name && one.condition === other.condition;
}

const isSameMap = (one: RecipeControl, other: RecipeControl): boolean =>
  isSamePicture(one.map, one.mapFingerprint, other.map, other.mapFingerprint);

/** By their pixels where both are known, else by their files. */
function isSamePicture(
  file: string | null,
  print: string | undefined,
  other: string | null,
  otherPrint: string | undefined,
): boolean {
  if (file === null || other === null) return file === other;
  return print !== undefined && otherPrint !== undefined ? print === otherPrint : file === other;
}

function changed(before: RecipeControl, after: RecipeControl, at: number): readonly RecipeChange[] {
  const name = `control ${at + 1} (${after.net.name})`;
  const setting = (key: keyof RecipeControl, label: string, text: (control: RecipeControl) => string) =>
    value(`controls.${at}.${key}`, `${label} of ${name}`, text(before), text(after), ":");
  return [
    ...setting("condition", "Condition", ({ condition }) => condition),
    ...(isSameMap(before, after) ? [] : [picture(`controls.${at}.map`, `The map of ${name}`, before.map, after.map)]),
    ...setting("background", "Background", ({ background }) => background?.join(", ") ?? "the condition's own"),
    ...setting("mapResize", "The map's rule of scaling", ({ mapResize }) => mapResize ?? "by what is in it"),
    ...setting("mapOptions", "Options of the map", ({ mapOptions }) => inText(mapOptions, "not known")),
    ...model(`controls.${at}.net`, `Net of ${name}`, before.net, after.net),
    ...setting("weight", "Weight", ({ weight }) => String(weight)),
    ...setting("range", "Range", ({ range }) => `${range[0]} to ${range[1]}`),
    ...setting("layers", "Layers", ({ layers }) => layersText(layers)),
    ...setting(
      "curve",
      "Curve",
      ({ curve }) => curve?.map(([place, factor]) => `${factor} at ${place}`).join(", ") || "none",
    ),
    ...setting("halves", "Halves of guidance", ({ halves }) => halves.join(" and ")),
    ...masks(`controls.${at}.mask`, `The mask of ${name}`, before, after),
    ...setting("resize", "Scaling", ({ resize }) => resize ?? "the map's own"),
    ...unknown(`controls.${at}.`, name, before, after, recipeSchemas.control.shape),
  ];
}

function begin(before: RecipeInit | null, after: RecipeInit | null): readonly RecipeChange[] {
  if (before === null && after === null) return [];
  const label = "The picture to begin with";
  if (before === null || after === null)
    return [picture("init", label, before?.picture ?? null, after?.picture ?? null)];
  const isSame = isSamePicture(before.picture, before.pictureFingerprint, after.picture, after.pictureFingerprint);
  return [
    ...(isSame ? [] : [picture("init.picture", label, before.picture, after.picture)]),
    ...value(
      "init.strength",
      "Share of the picture that may change",
      String(before.strength),
      String(after.strength),
      ":",
    ),
    ...masks("init.mask", "The mask of the picture to begin with", before, after),
    ...value("init.grays", "Grays of that mask", before.grays, after.grays, ":"),
    ...value("init.feather", "Softening of its edge", `${before.feather} px`, `${after.feather} px`, ":"),
    ...value("init.keepOutside", "What it leaves out", keptText(before), keptText(after), ":"),
    ...value("init.encoding", "Latents of the picture to begin with", before.encoding, after.encoding, ":"),
    ...unknown("init.", "the picture to begin with", before, after, recipeSchemas.init.shape),
  ];
}

type Masked = Pick<RecipeInit, "mask" | "maskFingerprint">;

function masks(path: string, label: string, before: Masked, after: Masked): readonly RecipeChange[] {
  if (isSamePicture(before.mask, before.maskFingerprint, after.mask, after.maskFingerprint)) return [];
  return [picture(path, label, before.mask, after.mask)];
}

function picture(path: string, label: string, before: string | null, after: string | null): RecipeChange {
  const what = before === null ? "was added" : after === null ? "was taken away" : "changed";
  return whole(path, label, null, null, what);
}

/** What a newer Underdraw wrote beside what is known here. */
function unknown(
  path: string,
  owner: string,
  before: object,
  after: object,
  shape: Readonly<Record<string, unknown>>,
): readonly RecipeChange[] {
  const others = (of: object) => Object.entries(of).filter(([key]) => !Object.hasOwn(shape, key));
  const [was, is] = [new Map<string, unknown>(others(before)), new Map<string, unknown>(others(after))];
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((key) => {
    const label = `${quoted(key)} of ${owner.replace(/^The/, "the")}`;
    return value(`${path}${key}`, label, inText(was.get(key), "none"), inText(is.get(key), "none"), ":");
  });
}

const called = ({ net }: RecipeControl, at: number): string => `Control ${at + 1} (${net.name})`;

function layersText(layers: RecipeControl["layers"]): string {
  if (layers === null) return "all alike";
  if (typeof layers === "string") return layers;
  return "softness" in layers ? `softness ${layers.softness}` : layers.join(", ");
}

function samplerText(sampler: Recipe["sampler"]): string {
  return sampler === null ? "the model's own" : typeof sampler === "string" ? sampler : inText(sampler, "");
}

const variationText = (variation: Recipe["variation"]): string =>
  variation ? `${variation.strength} towards seed ${variation.seed}` : "none";

const batchText = (batch: Recipe["batch"]): string => (batch ? `${batch.index + 1} of ${batch.size}` : "alone");

const keptText = ({ keepOutside }: RecipeInit): string => (keepOutside ? "as it was" : "drawn again");
