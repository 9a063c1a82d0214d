import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { subjectOptions } from "./subject.ts";

/**
 * The subject white on black: what is opaque, or in a picture without transparency what the ground at its edge does not
 * run into. Made for drawings and things on a plain or gently changing ground; on a busy photograph it is a guess.
 */
export const silhouette = defineCondition({
  id: "silhouette",
  title: "Silhouette (no net)",
  about: "The subject white, its ground black.",
  options: z.object(subjectOptions),
  convention: { values: "binary", polarity: "white-on-black", matte: "none", resize: "binary" },
  extract: async (source, options) => (await import("../vision/silhouette.ts")).silhouetteMap(source, options),
});
