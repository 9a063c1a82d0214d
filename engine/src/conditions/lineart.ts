import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The lines of a drawing as its paths give them: no detector, nothing missed and nothing invented. */
export const lineart = defineCondition({
  id: "lineart",
  title: "Line art from the drawing",
  about: "The document's own outlines as lines, with what lies behind left out. Exact: nothing is guessed.",
  reads: "scene",
  options: z.object({
    pixels: z
      ._default(z.enum(["soft", "single"]), "soft")
      .check(z.describe("soft: lines with soft edges, in their width. single: lines one pixel wide, for canny nets.")),
    widths: z
      ._default(z.enum(["own", "unified"]), "own")
      .check(z.describe("own: each line in its own width. unified: all in the width that follows.")),
    width: z
      ._default(z.number().check(z.minimum(1), z.maximum(24)), 2)
      .check(z.describe("The width of unified lines, in pixels of a map of 512.")),
    hidden: z
      ._default(z.boolean(), false)
      .check(z.describe("Draw lines that lie behind filled shapes as well, as if all were of glass.")),
    outlines: z
      ._default(z.boolean(), true)
      .check(z.describe("Draw the outlines of filled shapes that have no stroke: an edge is where the eye sees one.")),
  }),
  convention: { values: "soft", polarity: "white-on-black", display: "inverted" },
  nets: ["lineart", "lines", "canny"],
  extract: async (source, { pixels, widths, width, hidden, outlines }) =>
    (await import("../scene/document-lines.ts")).documentLines(source, {
      edges: pixels,
      width: widths === "own" ? null : width,
      hidden,
      outlines,
    }),
});
