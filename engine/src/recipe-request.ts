import { builtInConditions } from "./conditions/built-in.ts";
import type { Pixels } from "./core/pixels.ts";
import type { Recipe, RecipeControl, RecipeInit } from "./recipe.ts";
import { readRecipePicture } from "./recipe-picture.ts";
import type { ConditionMap, Control, GenerateRequest, Init } from "./request.ts";

/** How a recipe is turned back into a request. */
export interface RequestOfRecipeOptions {
  /** What the recipe's file is called in messages. @default "the picture" */
  readonly name?: string;
  /** Stops the reading: it then rejects with the signal's reason, untouched. */
  readonly signal?: AbortSignal;
}

/**
 * The request that a recipe holds, its maps and masks read: drawn with the same models on the same kind of device, it
 * gives the same pixels. Rejects with `file-invalid` for a picture in it that cannot be read.
 */
export async function requestOfRecipe(
  recipe: Recipe,
  options: RequestOfRecipeOptions = {},
): Promise<GenerateRequest & { readonly width: number; readonly height: number; readonly seed: bigint }> {
  const { name = "the picture", signal } = options;
  const read = async (base64: string, what: string): Promise<Pixels> => {
    signal?.throwIfAborted();
    return readRecipePicture(base64, what, { file: name, ...(signal && { signal }) });
  };
  const controls: Control[] = [];
  for (const control of recipe.controls) controls.push(await controlFrom(control, read));
  const { prompt, negativePrompt, width, height, steps, guidance, guidanceRescale, clipSkip, init, sampler } = recipe;
  const { promptSyntax, rng, variation, batch, tiles } = recipe;
  return {
    prompt,
    negativePrompt,
    ...(promptSyntax !== "plain" && { promptSyntax }),
    controls,
    width,
    height,
    seed: BigInt(recipe.seed),
    ...(rng !== "torch" && { rng }),
    ...(variation && { variation: { seed: BigInt(variation.seed), strength: variation.strength } }),
    ...(batch && { batch: { index: batch.index, size: batch.size } }),
    steps,
    guidance,
    ...(guidanceRescale !== 0 && { guidanceRescale }),
    ...(clipSkip !== 0 && { clipSkip }),
    ...(init && { init: await initFrom(init, read) }),
    ...(sampler !== null && { sampler }),
    ...(tiles !== "auto" && { tiles }),
  };
}

type Read = (base64: string, what: string) => Promise<Pixels>;

async function controlFrom(control: RecipeControl, read: Read): Promise<Control> {
  const { condition, net, weight, range, layers, curve, halves, mask, resize, mapOptions, mapResize } = control;
  const kind = builtInConditions.find(({ id }) => id === condition);
  const background = control.background ?? kind?.convention.background;
  const map: ConditionMap = {
    condition,
    pixels: await read(control.map, `map of "${condition}"`),
    ...(mapOptions && { options: mapOptions }),
    ...(kind && { nets: kind.nets }),
    ...(background && { background }),
    ...(mapResize && { resize: mapResize }),
  };
  return {
    map,
    net: net.name,
    weight,
    range,
    ...(layers !== null && { layers }),
    ...(curve && { curve }),
    halves,
    ...(mask !== null && { mask: await read(mask, `mask of "${condition}"`) }),
    ...(resize && { resize }),
  };
}

async function initFrom(init: RecipeInit, read: Read): Promise<Init> {
  const { picture, strength, mask, grays, feather, keepOutside, encoding } = init;
  return {
    picture: await read(picture, "picture to begin with"),
    strength,
    ...(mask !== null && { mask: await read(mask, "mask of the picture to begin with") }),
    ...(grays !== "blend" && { grays }),
    ...(feather !== 0 && { feather }),
    ...(keepOutside ? {} : { keepOutside }),
    ...(encoding !== "sample" && { encoding }),
  };
}
