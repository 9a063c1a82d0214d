import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** The side of a cell, in pixels, that nets of colour grids were trained with. */
const cell = 64;

/** The picture as a grid of plain colours, 64 pixels a cell. */
export const colourGrid = defineCondition({
  id: "colour-grid",
  title: "Colour grid",
  about: "The picture in flat squares of 64 pixels: where which colour is.",
  options: z.object({
    resolution: z
      ._default(z.int().check(z.minimum(0), z.maximum(4096)), 0)
      .check(
        z.describe(
          "How long the short side of the picture may be, in pixels, before cells of 64 pixels are counted off: less makes fewer cells. 0 for as long as it is.",
        ),
      ),
  }),
  convention: { values: "rgb", polarity: "none", matte: "white", resize: "nearest" },
  nets: ["colour-grid", "colour"],
  extract: async (source, { resolution }) => (await import("../vision/tile.ts")).colourGrid(source, cell, resolution),
});
