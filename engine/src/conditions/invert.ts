import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The negative of a picture: lines that are dark on light become the white lines on black that nets of lines read. */
export const invert = defineCondition({
  id: "invert",
  title: "Invert",
  about: "Light for dark and dark for light: makes a map of a drawing with dark lines.",
  options: z.object({}),
  convention: { values: "rgb", polarity: "none", matte: "white", display: "inverted" },
  nets: ["lineart", "scribble", "lines"],
  extract: async (source) => (await import("../vision/levels.ts")).negative(source),
});
