import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The fills of a drawing as flat areas in their own colours, without lines. */
export const colourAreas = defineCondition({
  id: "colour-areas",
  title: "Colour areas from the drawing",
  about: "The document's fills as flat colours, without lines.",
  reads: "scene",
  options: z.object({
    ground: z._default(z.enum(["black", "white"]), "white").check(z.describe("The page under the drawing.")),
  }),
  convention: { values: "rgb", polarity: "none", background: [255, 255, 255] },
  nets: ["colour", "t2i-colour", "tile"],
  extract: async (source, options) => (await import("../scene/colour-areas.ts")).colourAreas(source, options),
});
