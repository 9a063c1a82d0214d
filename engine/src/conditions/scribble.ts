import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Dark ink on a light or transparent ground becomes white on black: white where any of red, green and blue is below 127. */
export const scribble = defineCondition({
  id: "scribble",
  title: "Scribble (dark ink)",
  about: "Dark ink as white strokes, for drawings on a light ground.",
  options: z.object({}),
  convention: {
    values: "binary",
    polarity: "white-on-black",
    matte: "white",
    resize: "binary",
    display: "inverted",
  },
  nets: ["scribble", "lines"],
  extract: async (source) => (await import("../vision/levels.ts")).parted(source, 126, true),
});
