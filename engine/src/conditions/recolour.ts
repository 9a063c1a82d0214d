import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The picture without its colours, for a net that gives it new ones. */
export const recolour = defineCondition({
  id: "recolour",
  title: "Recolour",
  about: "The picture without its colours, for nets that give it others.",
  options: z.object({
    mode: z
      ._default(z.enum(["luminance", "intensity"]), "luminance")
      .check(
        z.describe("What becomes gray: luminance, as bright as the eye sees it, or intensity, the strongest channel."),
      ),
    gamma: z
      ._default(z.number().check(z.minimum(0.1), z.maximum(2)), 1)
      .check(z.describe("Below 1 makes middle grays brighter, above 1 darker.")),
  }),
  convention: { values: "gray", polarity: "none", matte: "white" },
  nets: ["recolour"],
  extract: async (source, { mode, gamma }) => (await import("../vision/levels.ts")).decoloured(source, mode, gamma),
});
