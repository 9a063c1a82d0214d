import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Soft lines from a drawing or a scan that is dark on light, without a net: white on black. */
export const lineartStandard = defineCondition({
  id: "lineart-standard",
  title: "Line art (no net)",
  about: "Strokes of a drawing or a scan, brighter where they are darker than what is around them.",
  options: z.object({
    sigma: z
      ._default(z.number().check(z.minimum(0.1), z.maximum(64)), 6)
      .check(
        z.describe("How far around a pixel its surroundings reach, in pixels. More keeps wide strokes and dark areas."),
      ),
    threshold: z
      ._default(z.number().check(z.minimum(0), z.maximum(255)), 8)
      .check(z.describe("What is fainter than this does not count when the strength of lines is evened out.")),
  }),
  convention: { values: "soft", polarity: "white-on-black", matte: "white", display: "inverted" },
  nets: ["lineart", "lines"],
  extract: async (source, { sigma, threshold }) =>
    (await import("../vision/line-art.ts")).lineArt(source, sigma, threshold),
});
