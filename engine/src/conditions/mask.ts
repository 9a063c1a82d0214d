import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The opacity of a picture: white where it is opaque, black where it is transparent. */
export const mask = defineCondition({
  id: "mask",
  title: "Mask from transparency",
  about: "Where a picture is opaque: limits a control, or a picture, to an area.",
  options: z.object({
    threshold: z
      ._default(z.number().check(z.minimum(0), z.maximum(255)), 127)
      .check(z.describe("A pixel whose opacity, from 0 to 255, is above this is white. Not looked at with soft.")),
    soft: z
      ._default(z.boolean(), false)
      .check(z.describe("Draw opacity as it is, in grays, instead of black and white.")),
    invert: z._default(z.boolean(), false).check(z.describe("White where the picture is transparent.")),
  }),
  convention: { values: "gray", polarity: "white-on-black", matte: "none" },
  compare: "area-iou",
  extract: async (source, options) => (await import("../vision/opacity.ts")).opacityMap(source, options),
});
