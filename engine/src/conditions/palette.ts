import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Flat areas of few colours, found by k-means in Lab: for nets of segmentation, which read areas. */
export const palette = defineCondition({
  id: "palette",
  title: "Colour areas",
  about: "Areas of the picture's own main colours, flat.",
  options: z.object({
    colours: z
      ._default(z.int().check(z.minimum(2), z.maximum(32)), 8)
      .check(z.describe("How many colours there are at most. They are the picture's own, not those of a class table.")),
    seed: z
      ._default(z.int().check(z.minimum(0), z.maximum(4294967295)), 0)
      .check(z.describe("Where the search for the colours begins. The same seed finds the same ones.")),
    area: z
      ._default(z.int().check(z.minimum(0), z.maximum(1000000)), 64)
      .check(z.describe("Areas of fewer pixels than this are given to the neighbour with the longest common border.")),
  }),
  convention: { values: "palette", polarity: "none", resize: "nearest", random: true },
  nets: ["seg", "segmentation"],
  extract: async (source, options) => (await import("../vision/palette.ts")).palette(source, options),
});
