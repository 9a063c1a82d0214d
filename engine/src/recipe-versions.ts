import type * as z from "zod/mini";
import type { Recipe, RecipeControl } from "./recipe.ts";
import { firstRecipe, VERSION } from "./recipe-schema.ts";
import { inWords } from "./wording.ts";

// Recipes of older versions, brought to the newest one as they are read: pictures that people have stay drawable.

type Migrated =
  | { readonly success: true; readonly data: Recipe }
  | { readonly success: false; readonly error: z.core.$ZodError };

/** A recipe of an older version as the newest, or what is wrong with it; null for data of no older version. */
export function migrated(data: unknown): Migrated | null {
  if (typeof data !== "object" || data === null || !("version" in data) || data.version !== 1) return null;
  const found = firstRecipe.safeParse(data, inWords);
  return found.success ? { success: true, data: fromFirst(found.data) } : { success: false, error: found.error };
}

/** Version 1 knew weight and range alone, and nothing of its maps but their pixels. */
function fromFirst(first: z.output<typeof firstRecipe>): Recipe {
  return {
    ...first,
    version: VERSION,
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
