import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The lines of a drawing as thick strokes, black and white alone, as nets for scribbles know them. */
export const scribbleLines = defineCondition({
  id: "scribble-lines",
  title: "Scribble from the drawing",
  about: "The document's own outlines as bold strokes.",
  reads: "scene",
  options: z.object({
    width: z
      ._default(z.number().check(z.minimum(1), z.maximum(24)), 3)
      .check(z.describe("The width of strokes, in pixels of a map of 512. Nets for scribbles know 1 to 24.")),
    hidden: z
      ._default(z.boolean(), false)
      .check(z.describe("Draw lines that lie behind filled shapes as well, as if all were of glass.")),
    outlines: z
      ._default(z.boolean(), true)
      .check(z.describe("Draw the outlines of filled shapes that have no stroke.")),
  }),
  convention: { values: "binary", polarity: "white-on-black", resize: "binary", display: "inverted" },
  nets: ["scribble", "lines"],
  extract: async (source, options) =>
    (await import("../scene/document-lines.ts")).documentLines(source, { edges: "hard", ...options }),
});
