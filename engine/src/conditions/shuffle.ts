import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The picture warped at random, so that its colours and textures stay and its shapes do not. */
export const shuffle = defineCondition({
  id: "shuffle",
  title: "Shuffle",
  about: "The picture warped beyond recognition: its colours and textures without its structure.",
  options: z.object({
    seed: z
      ._default(z.int().check(z.minimum(0), z.maximum(4294967295)), 0)
      .check(z.describe("Which warp: the same number gives the same one, on every machine.")),
  }),
  convention: { values: "rgb", polarity: "none", matte: "white", random: true },
  nets: ["shuffle"],
  extract: async (source, { seed }) => (await import("../vision/shuffle.ts")).shuffled(source, seed),
});
