import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** A scribble from a map of soft edges that is there already, white on black: its ridges, drawn as thick strokes. */
export const scribbleSoftedge = defineCondition({
  id: "scribble-softedge",
  title: "Scribble (from a soft edge map)",
  about: "Bold strokes out of a map of soft edges, as nets for scribbles were trained on.",
  options: z.object({}),
  convention: { values: "binary", polarity: "white-on-black", resize: "binary", display: "inverted" },
  nets: ["scribble", "lines"],
  extract: async (source) => (await import("../vision/soft-scribble.ts")).softScribble(source),
});
