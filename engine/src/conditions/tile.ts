import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The picture itself, or with less of its detail: a net adds what is missing. */
export const tile = defineCondition({
  id: "tile",
  title: "Tile",
  about: "The picture itself, with less detail: a net for tiles invents the rest anew.",
  options: z.object({
    rate: z
      ._default(z.number().check(z.minimum(1), z.maximum(8)), 1)
      .check(z.describe("How much smaller the picture is made before it is enlarged again. 1 keeps it as it is.")),
  }),
  convention: { values: "rgb", polarity: "none", matte: "white" },
  nets: ["tile", "colour"],
  extract: async (source, { rate }) => (await import("../vision/tile.ts")).tile(source, rate),
});
