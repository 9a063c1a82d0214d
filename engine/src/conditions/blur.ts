import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The picture blurred by a Gaussian: bit for bit what OpenCV's `GaussianBlur` makes of 8 bits. */
export const blur = defineCondition({
  id: "blur",
  title: "Blur",
  about: "The picture out of focus: its colours and masses without its lines.",
  options: z.object({
    sigma: z
      ._default(z.number().check(z.minimum(0.01), z.maximum(64)), 9)
      .check(z.describe("How wide the blur is, in pixels. More leaves less of the picture.")),
  }),
  convention: { values: "rgb", polarity: "none", matte: "white" },
  nets: ["tile", "colour"],
  extract: async (source, { sigma }) => (await import("../vision/blur.ts")).blur(source, sigma),
});
