import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Normals of a depth map (near = white), in the colours that nets know from BAE: left red, up green, front blue. */
export const normalDepth = defineCondition({
  id: "normal-depth",
  title: "Normals from a depth map",
  about: "Which way surfaces look, worked out from a map of depth.",
  options: z.object({
    strength: z
      ._default(z.number().check(z.minimum(0.01), z.maximum(20)), 1)
      .check(
        z.describe(
          "How deep the scene is from black to white, as a share of the picture's shorter side. More looks steeper.",
        ),
      ),
    smooth: z
      ._default(z.number().check(z.minimum(0), z.maximum(16)), 1)
      .check(
        z.describe("How far the depth is smoothed first, in pixels: 256 levels of gray make stairs. 0 leaves it."),
      ),
    background: z
      ._default(z.number().check(z.minimum(0), z.maximum(1)), 0)
      .check(
        z.describe(
          "What is further away than this, from 0 for the farthest to 1 for the nearest, looks straight ahead.",
        ),
      ),
    flipRed: z._default(z.boolean(), false).check(z.describe("For nets that want right as red.")),
    flipGreen: z._default(z.boolean(), false).check(z.describe("For nets that want down as green.")),
  }),
  convention: { values: "rgb", polarity: "none", background: [128, 128, 255] },
  nets: ["normalbae", "normal"],
  extract: async (source, options) => (await import("../vision/depth-normals.ts")).depthNormalMap(source, options),
});
