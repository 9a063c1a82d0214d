import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Depth from how layers lie over one another: near is white, where nothing lies is black. */
export const depthOrder = defineCondition({
  id: "depth-order",
  title: "Depth from the order of layers",
  about: "Depth from the order of layers: what lies in front is nearer.",
  reads: "scene",
  options: z.object({
    mode: z
      ._default(z.enum(["order", "area", "tags"]), "order")
      .check(
        z.describe(
          "order: what lies in front is nearer. area: what is larger is farther. tags: as names say that end in depth=40, from 0, far, to 100, near, or in depth=20..80 for a layer that comes nearer towards its lower edge.",
        ),
      ),
    groups: z
      ._default(z.boolean(), false)
      .check(z.describe("Count each of the outermost groups as one layer, at one depth.")),
    gradient: z
      ._default(z.enum(["none", "down", "up", "left", "right"]), "none")
      .check(z.describe("The side towards which each layer comes nearer, from the depth of the one behind it.")),
    inflate: z
      ._default(z.boolean(), false)
      .check(z.describe("Round each layer, so that its middle is nearer than its rim.")),
    soft: z
      ._default(z.number().check(z.minimum(0), z.maximum(16)), 0)
      .check(z.describe("How far levels run into each other, in pixels of a map of 512. 0 leaves hard edges.")),
  }),
  convention: { values: "gray", polarity: "near-white" },
  nets: ["depth"],
  extract: async (source, options) => (await import("../scene/depth-order.ts")).depthOrder(source, options),
});
