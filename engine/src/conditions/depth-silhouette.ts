import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { subjectOptions } from "./subject.ts";

/** Depth invented from a silhouette: the subject round like a cushion, near = white, the ground black. */
export const depthSilhouette = defineCondition({
  id: "depth-silhouette",
  title: "Depth from a silhouette (no net)",
  about: "Depth of a subject cut out of its ground, rounded like a balloon.",
  options: z.object({
    base: z
      ._default(z.number().check(z.minimum(0), z.maximum(1)), 0)
      .check(z.describe("How near the subject's outline is, from 0, as far as the ground, to 1, all of it flat.")),
    each: z
      ._default(z.boolean(), false)
      .check(z.describe("Let every part that hangs together rise to white, instead of the widest alone.")),
    ...subjectOptions,
  }),
  convention: { values: "gray", polarity: "near-white", matte: "none" },
  nets: ["depth"],
  extract: async (source, options) => (await import("../vision/silhouette.ts")).cushion(source, options),
});
