import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** White where even the lowest of red, green and blue is above a level, black elsewhere. */
export const threshold = defineCondition({
  id: "threshold",
  title: "Threshold",
  about: "White where a picture is bright, black elsewhere.",
  options: z.object({
    threshold: z
      ._default(z.int().check(z.minimum(0), z.maximum(255)), 127)
      .check(z.describe("White is what is brighter than this in red, green and blue alike. Lower makes more white.")),
  }),
  convention: { values: "binary", polarity: "white-on-black", resize: "content" },
  nets: ["scribble", "lines"],
  extract: async (source, { threshold: level }) => (await import("../vision/levels.ts")).parted(source, level, false),
});
