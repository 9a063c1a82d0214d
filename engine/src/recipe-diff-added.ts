import type { Recipe } from "./recipe.ts";
import { modelChange, modelText, quoted, type RecipeChange, valueChange, wholeChange } from "./recipe-change.ts";
import type { RecipeLora, RecipeModel } from "./recipe-model.ts";

// What differs in the files that a model was loaded with. A file is known again by its fingerprint; after that a LoRA by
// its name, since a newer version of one is mostly meant to be the same, and an embedding by its word.

/** What differs in the VAE, the LoRAs, the embeddings and what the UNet is taken to predict. */
export function addedChanges(before: Recipe, after: Recipe): readonly RecipeChange[] {
  return [
    ...vae(before.vae, after.vae),
    ...loras(before.loras, after.loras),
    ...embeddings(before.embeddings, after.embeddings),
    ...valueChange("weights", "Stored weights", before.weights, after.weights),
    // Recipes of before version 3 do not tell.
    ...(before.prediction && after.prediction
      ? valueChange("prediction", "Prediction", before.prediction, after.prediction)
      : []),
  ];
}

function vae(before: RecipeModel | null, after: RecipeModel | null): readonly RecipeChange[] {
  if (before && after) return modelChange("vae", "VAE", before, after);
  if (!before && !after) return [];
  return valueChange("vae", "VAE", textOf(before), textOf(after));
}

const textOf = (model: RecipeModel | null): string => (model ? modelText(model) : "the model's own");

/** The place of each later one among the earlier, or -1. */
function placesOf<Model extends RecipeModel>(
  before: readonly Model[],
  after: readonly Model[],
  isLike: (one: Model, other: Model) => boolean,
): readonly number[] {
  const places = after.map(() => -1);
  const likeness = [(one: Model, other: Model) => one.fingerprint === other.fingerprint, isLike];
  for (const like of likeness)
    for (const [at, one] of after.entries())
      if (places[at] === -1)
        places[at] = before.findIndex((other, place) => !places.includes(place) && like(one, other));
  return places;
}

function loras(before: readonly RecipeLora[], after: readonly RecipeLora[]): readonly RecipeChange[] {
  const places = placesOf(before, after, (one, other) => one.name === other.name);
  const called = (lora: RecipeLora): string => `LoRA ${quoted(lora.name)}`;
  const weight = ({ weight, textWeight }: RecipeLora): string =>
    weight === textWeight ? String(weight) : `${weight}, ${textWeight} on the text encoder`;
  return [
    ...after.flatMap((lora, at) => {
      const was = before[places[at] as number];
      if (!was) return [wholeChange(`loras.${at}`, called(lora), null, lora.name, "was added")];
      return [
        ...modelChange(`loras.${at}`, called(lora), was, lora),
        ...valueChange(`loras.${at}.weight`, `Weight of ${called(lora)}`, weight(was), weight(lora), ":"),
      ];
    }),
    ...before.flatMap((lora, at) =>
      places.includes(at) ? [] : [wholeChange(`loras.${at}`, called(lora), lora.name, null, "was taken away")],
    ),
  ];
}

function embeddings(before: Recipe["embeddings"], after: Recipe["embeddings"]): readonly RecipeChange[] {
  const called = (word: string): string => `Embedding ${quoted(word)}`;
  return [
    ...after.flatMap((one, at) => {
      const was = before.find(({ word }) => word === one.word);
      if (was) return modelChange(`embeddings.${at}`, called(one.word), was, one);
      return [wholeChange(`embeddings.${at}`, called(one.word), null, one.name, "was added")];
    }),
    ...before.flatMap(({ word, name }, at) =>
      after.some((one) => one.word === word)
        ? []
        : [wholeChange(`embeddings.${at}`, called(word), name, null, "was taken away")],
    ),
  ];
}
