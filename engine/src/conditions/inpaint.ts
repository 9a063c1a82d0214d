import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/**
 * The picture with its transparent area black: what a net for filling in shall paint. Such nets take -1 there, which eight
 * bits cannot say; so pure black means "paint here", and pure black that belongs to the picture becomes 0, 0, 1.
 * `inpaintHint` makes the numbers for the net.
 */
export const inpaint = defineCondition({
  id: "inpaint",
  title: "Fill in (picture with a hole)",
  about: "The picture with its transparent parts left black, to be filled in.",
  options: z.object({
    threshold: z
      ._default(z.number().check(z.minimum(0), z.maximum(254)), 127)
      .check(
        z.describe(
          "A pixel whose opacity, from 0 to 255, is at or below this is to be filled in. The rest keeps its colour.",
        ),
      ),
  }),
  // Blends at the area's edge would be neither picture nor hole.
  convention: { values: "rgb", polarity: "none", matte: "none", resize: "nearest" },
  extract: async (source, { threshold }) => (await import("../vision/fill-mask.ts")).fillMap(source, threshold),
});
