import { fingerprintOf, type Recipe, type RecipeModel, UnderdrawError, type Warning } from "@underdraw/engine";
import type { ModelSource } from "@underdraw/engine/node";
import type { ModelFiles } from "./model-flags.ts";

// A recipe names the files that its model was loaded with and holds none of them: they must be given again. A file is
// known by its fingerprint, whatever it is called and wherever it lies now.

/** The files that a recipe's picture is drawn again with, and what is another one than the recipe's. */
export interface FilesAgain {
  readonly files: ModelFiles;
  readonly warnings: readonly Warning[];
}

/** What is looked up: the recipe, what its file is called, and the model that will draw it. */
export interface RecipeLookup {
  readonly recipe: Recipe;
  readonly path: string;
  readonly base: ModelSource;
  readonly signal: AbortSignal;
}

type Lora = ModelFiles["loras"][number];

/**
 * The files that flags give, in the recipe's order and with the weights, words and prediction that it tells where no flag
 * says others. Rejects with `model-unknown`, with the flag to add, where a file of the recipe is missing.
 */
export async function filesForRecipe(given: ModelFiles, lookup: RecipeLookup): Promise<FilesAgain> {
  const { recipe, base, signal } = lookup;
  const warnings: Warning[] = [];
  const files: ModelFiles = {
    ...given,
    loras: await lorasAgain(given, lookup, warnings),
    embeddings: await embeddingsAgain(given, lookup, warnings),
  };
  await checkVae(given, lookup, warnings);
  const { prediction, model } = recipe;
  const stored = given.weights ? {} : { weights: recipe.weights };
  const unsaid = given.prediction === undefined && prediction !== null && prediction !== "sample";
  // What one model predicts says nothing of another.
  const isSame = unsaid && (await fingerprintOf(base, { signal })) === model.fingerprint;
  return { files: { ...files, ...stored, ...(isSame && { prediction }) }, warnings };
}

async function lorasAgain(given: ModelFiles, lookup: RecipeLookup, warnings: Warning[]): Promise<readonly Lora[]> {
  if (given.none.has("lora")) return [];
  const { recipe, signal } = lookup;
  const rest: { readonly lora: Lora; readonly print: string }[] = [];
  for (const lora of given.loras) rest.push({ lora, print: await fingerprintOf(lora.file, { signal }) });
  const same = new Map<(typeof recipe.loras)[number], Lora>();
  for (const recorded of recipe.loras) {
    const at = rest.findIndex(({ print }) => print === recorded.fingerprint);
    const [found] = at < 0 ? [] : rest.splice(at, 1);
    if (found) same.set(recorded, found.lora);
  }
  const again = recipe.loras.map((recorded) => {
    const { weight, textWeight } = recorded;
    // One more that was given stands for one that is missing: a newer version of it, say.
    const lora = same.get(recorded) ?? rest.shift()?.lora;
    if (!lora) {
      const flag = weight === 1 ? "--lora FILE" : `--lora FILE=${weight}`;
      throw missing(lookup, `the LoRA ${quoted(recorded.name)} at ${weight}`, recorded, flag, "--lora none");
    }
    if (!same.has(recorded)) warnings.push(differs("LoRA", recorded, lora.file, "--lora"));
    // A flag's weight is for UNet and text encoder alike.
    return lora.weight === undefined ? { file: lora.file, weight, textWeight } : lora;
  });
  return [...again, ...rest.map(({ lora }) => lora)];
}

async function embeddingsAgain(
  given: ModelFiles,
  lookup: RecipeLookup,
  warnings: Warning[],
): Promise<ModelFiles["embeddings"]> {
  if (given.none.has("embedding")) return {};
  const { recipe, signal } = lookup;
  const words = new Map(Object.entries(given.embeddings));
  const prints = new Map<string, string>();
  for (const [word, source] of words) prints.set(word, await fingerprintOf(source, { signal }));
  for (const recorded of recipe.embeddings) {
    const { word } = recorded;
    const [same] = [...prints].find(([, print]) => print === recorded.fingerprint) ?? [];
    const source = words.get(same ?? word);
    if (!source) {
      const what = `the embedding ${quoted(recorded.name)} for the word ${quoted(word)}`;
      throw missing(lookup, what, recorded, `--embedding FILE=${word}`, "--embedding none");
    }
    if (same === undefined) warnings.push(differs("embedding", recorded, source, "--embedding"));
    // The recipe's prompt knows it by that word.
    if (same !== undefined) words.delete(same);
    words.set(word, source);
  }
  return Object.fromEntries(words);
}

async function checkVae(given: ModelFiles, lookup: RecipeLookup, warnings: Warning[]): Promise<void> {
  const { vae } = lookup.recipe;
  if (!vae || given.none.has("vae")) return;
  if (!given.vae) throw missing(lookup, `the VAE ${quoted(vae.name)}`, vae, "--vae PATH", "--vae none");
  if ((await fingerprintOf(given.vae, { signal: lookup.signal })) !== vae.fingerprint)
    warnings.push(differs("VAE", vae, given.vae, "--vae"));
}

const quoted = (text: string): string => JSON.stringify(text);

function missing(
  { path }: RecipeLookup,
  what: string,
  { name, fingerprint }: RecipeModel,
  again: string,
  without: string,
): UnderdrawError<"model-unknown"> {
  const message = `The picture in ${path} was drawn with ${what} (${fingerprint.slice(0, 12)}), and a recipe holds no models. Add ${again} to draw it again, or ${without} to draw without.`;
  return new UnderdrawError("model-unknown", message, { id: name, known: [] });
}

const differs = (what: string, { name }: RecipeModel, given: ModelSource, flag: string): Warning => ({
  code: "model-differs",
  message: `The recipe was made with another ${what} ${quoted(name)} than the ${quoted(given.name)} that was given.`,
  remedy: `Name the one it was made with by ${flag} to get the same picture.`,
});
