import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

const width = z.number().check(z.minimum(0), z.maximum(64));

/** Straight lines, found without a net and drawn as MLSD's: white on black, one pixel wide. */
export const straightLines = defineCondition({
  id: "straight-lines",
  title: "Straight lines (no net)",
  about: "Straight lines alone: walls, furniture, streets.",
  options: z.object({
    length: z
      ._default(z.number().check(z.minimum(0), z.maximum(256)), 8)
      .check(z.describe("The shortest line that is drawn, in 1/256 of the picture's shorter side, as MLSD counts.")),
    strength: z
      ._default(z.number().check(z.minimum(1), z.maximum(64)), 5)
      .check(z.describe("The weakest change of brightness that counts, in levels of 255 from one pixel to the next.")),
    stroke: z
      ._default(width, 6)
      .check(
        z.describe(
          "The widest stroke, in 1/256 of the shorter side, that becomes one line instead of its two sides. 0 draws both sides.",
        ),
      ),
    gap: z
      ._default(width, 4)
      .check(
        z.describe(
          "The widest gap, in 1/256 of the shorter side, over which pieces of one line are joined. 0 joins none.",
        ),
      ),
  }),
  convention: { values: "binary", polarity: "white-on-black", resize: "thin", display: "inverted" },
  nets: ["mlsd", "lines"],
  extract: async (source, options) => (await import("../vision/straight-lines.ts")).straightLineMap(source, options),
});
