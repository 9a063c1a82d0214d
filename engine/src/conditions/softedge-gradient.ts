import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Soft edges without a net: strong where colour changes at several sizes at once, white on black. */
export const softedgeGradient = defineCondition({
  id: "softedge-gradient",
  title: "Soft edges (gradients, no net)",
  about: "Soft outlines from changes of colour at several scales, without a net.",
  options: z.object({
    detail: z
      ._default(z.number().check(z.minimum(0), z.maximum(1)), 0.5)
      .check(
        z.describe(
          "How much of texture and fine lines is drawn: 0 for great outlines alone, 1 for all. Measured from changes of colour alone, with no idea of what is a thing: HED and PiDiNet know more.",
        ),
      ),
    strength: z
      ._default(z.number().check(z.minimum(0.1), z.maximum(4)), 1)
      .check(z.describe("How bright edges are drawn. 2 makes faint ones twice as bright.")),
  }),
  convention: { values: "soft", polarity: "white-on-black", display: "inverted" },
  nets: ["softedge"],
  extract: async (source, options) => (await import("../vision/soft-edges.ts")).softEdges(source, options),
});
