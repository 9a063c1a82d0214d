import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";

/** Depth as Depth Anything sees it in a photo, near = white. */
export const depthAnything = defineCondition({
  id: "depth-anything",
  title: "Depth from a photo (Depth Anything)",
  about: "How near everything in a photo is, found by Depth Anything V2.",
  options: z.object({
    resolution: z
      ._default(z.int().check(z.minimum(56), z.maximum(1554)), 518)
      .check(
        z.describe(
          "The side that the net looks at, in pixels, as its own processor has it. Larger sees finer things and takes longer.",
        ),
      ),
  }),
  convention: { values: "gray", polarity: "near-white" },
  nets: ["depth"],
  models: {
    "depth-anything": {
      about:
        "Depth Anything V2 by Lihe Yang and others: model.safetensors of the small one (Apache-2.0) or the base one (CC BY-NC 4.0), alone or with config.json in a folder, or as .onnx.",
      address: "https://huggingface.co/depth-anything/Depth-Anything-V2-Small-hf",
    },
  },
  extract: async (source, { resolution }, context) =>
    (await import("./by-net.ts")).depthByNet(source, context, "depth-anything", { near: "large", resolution }),
});
