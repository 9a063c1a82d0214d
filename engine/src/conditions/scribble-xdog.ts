import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Strokes of what is darker than its surroundings, white on black: from the difference of two Gaussians. */
export const scribbleXdog = defineCondition({
  id: "scribble-xdog",
  title: "Scribble (from a picture)",
  about: "Bold strokes out of a picture: where it is darker than its surroundings.",
  options: z.object({
    threshold: z
      ._default(z.number().check(z.minimum(1), z.maximum(64)), 32)
      .check(z.describe("How much darker than its surroundings a stroke must be. Lower draws more.")),
  }),
  convention: {
    values: "binary",
    polarity: "white-on-black",
    matte: "white",
    resize: "binary",
    display: "inverted",
  },
  nets: ["scribble", "lines"],
  extract: async (source, { threshold }) => (await import("../vision/xdog.ts")).xdog(source, threshold),
});
