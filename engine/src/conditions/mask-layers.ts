import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Where layers lie: white, with soft edges, on black. */
export const maskLayers = defineCondition({
  id: "mask-layers",
  title: "Mask from layers",
  about: "Where chosen layers lie: limits a control, or a picture, to them.",
  reads: "scene",
  options: z.object({
    layers: z
      ._default(z.string().check(z.maxLength(10_000)), "")
      .check(z.describe("Names or ids of layers and groups, parted by commas. All of them without any.")),
    visible: z._default(z.boolean(), false).check(z.describe("Leave out what other layers in front hide.")),
    opacity: z
      ._default(z.boolean(), true)
      .check(z.describe("Layers that are half transparent are half in the mask. Off: they are wholly in it.")),
  }),
  convention: { values: "gray", polarity: "white-on-black" },
  nets: [],
  compare: "area-iou",
  extract: async (source, options) => (await import("../scene/layer-mask.ts")).layerMask(source, options),
});
