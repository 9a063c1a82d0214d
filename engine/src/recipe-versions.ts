import type * as z from "zod/mini";
import type { Recipe, RecipeControl } from "./recipe.ts";
import { firstRecipe, secondRecipe, VERSION } from "./recipe-schema.ts";
import { inWords } from "./wording.ts";

// Recipes of older versions, brought to the newest one as they are read: pictures that people have stay drawable.

type Migrated =
  | { readonly success: true; readonly data: Recipe }
  | { readonly success: false; readonly error: z.core.$ZodError };

/** A recipe of an older version as the newest, or what is wrong with it; null for data of no older version. */
export function migrated(data: unknown): Migrated | null {
  if (typeof data !== "object" || data === null || !("version" in data)) return null;
  if (data.version === 1) {
    const found = firstRecipe.safeParse(data, inWords);
    return found.success ? { success: true, data: fromSecond(fromFirst(found.data)) } : found;
  }
  if (data.version === 2) {
    const found = secondRecipe.safeParse(data, inWords);
    return found.success ? { success: true, data: fromSecond(found.data as Second) } : found;
  }
  return null;
}

/** A recipe as version 2 had it. */
type Second = Omit<Recipe, keyof typeof added | "version" | "init"> & {
  readonly version: 2;
  readonly init: Omit<NonNullable<Recipe["init"]>, keyof typeof addedInit> | null;
};

/** What version 3 added, at what was meant before: no file beside the model, and each setting the only one there was. */
const added = {
  vae: null,
  loras: [],
  embeddings: [],
  weights: "full",
  prediction: null,
  promptSyntax: "plain",
  rng: "torch",
  variation: null,
  batch: null,
  tiles: "auto",
} as const satisfies Partial<Recipe>;

/** The decoder drew the whole picture then, also what the mask kept. */
const addedInit = {
  grays: "blend",
  feather: 0,
  keepOutside: false,
  encoding: "sample",
} as const satisfies Partial<NonNullable<Recipe["init"]>>;

const fromSecond = (second: Second): Recipe => ({
  ...second,
  ...added,
  init: second.init && { ...second.init, ...addedInit },
  version: VERSION,
});

/** Version 1 knew weight and range alone, and nothing of its maps but their pixels. */
function fromFirst(first: z.output<typeof firstRecipe>): Second {
  return {
    ...first,
    version: 2,
    controls: first.controls.map(
      ({ condition, map, net, weight, range }): RecipeControl => ({
        condition,
        map,
        mapOptions: null,
        mapResize: null,
        background: null,
        net,
        range,
        ...strengthOf(weight),
        layers: null,
        halves: [1, 1],
        mask: null,
        resize: null,
      }),
    ),
    init: null,
    guidanceRescale: 0,
    clipSkip: 0,
  };
}

/** Weights went to 10 and go to 2: up to 4 a course of factors makes up for it, exactly since halves are exact. */
function strengthOf(weight: number): Pick<RecipeControl, "weight" | "curve"> {
  return weight > 2 && weight <= 4 ? { weight: 2, curve: [[0, weight / 2]] } : { weight, curve: null };
}
