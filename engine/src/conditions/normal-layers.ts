import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Normals of a drawing whose layers are blown up like balloons: left red, up green, front blue. */
export const normalLayers = defineCondition({
  id: "normal-layers",
  title: "Normals from rounded layers",
  about: "Which way surfaces look if every layer is rounded.",
  reads: "scene",
  options: z.object({
    strength: z
      ._default(z.number().check(z.minimum(0), z.maximum(4)), 1)
      .check(z.describe("How steep layers rise. 1 makes a ball of a disc, 0 leaves all flat.")),
    rim: z
      ._default(z.number().check(z.minimum(0), z.maximum(256)), 0)
      .check(
        z.describe(
          "From about how far in from its outline a layer is flat, in pixels of a map of 512. 0: it is round all over.",
        ),
      ),
    groups: z
      ._default(z.boolean(), false)
      .check(z.describe("Count each of the outermost groups as one layer, rounded as a whole.")),
    flipRed: z._default(z.boolean(), false).check(z.describe("For nets that want right as red.")),
    flipGreen: z._default(z.boolean(), false).check(z.describe("For nets that want down as green.")),
  }),
  convention: { values: "rgb", polarity: "none", background: [128, 128, 255] },
  nets: ["normalbae", "normal"],
  compare: "normal-angle",
  extract: async (source, options) => (await import("../scene/layer-normals.ts")).layerNormals(source, options),
});
