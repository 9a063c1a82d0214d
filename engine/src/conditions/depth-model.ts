import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { readBy } from "./net-options.ts";

const percent = z.number().check(z.minimum(0), z.maximum(100));

/** Depth as any model sees it in a photo, near = white. */
export const depthModel = defineCondition({
  id: "depth-model",
  title: "Depth from a photo (your own model)",
  about: "How near everything in a photo is, found by an ONNX model of your own.",
  options: z.object({
    resolution: z
      ._default(z.int().check(z.minimum(56), z.maximum(2044)), 518)
      .check(z.describe("The side that the model looks at, in pixels. A model whose size is fixed takes its own.")),
    near: z
      ._default(z.enum(["large", "small"]), "large")
      .check(
        z.describe(
          "What the model gives to near things: large numbers (relative depth, as MiDaS and Depth Anything), or small ones (distances, as ZoeDepth and LeReS).",
        ),
      ),
    spread: z
      ._default(z.enum(["whole", "middle"]), "whole")
      .check(
        z.describe(
          "Which numbers become black and white: the least and the greatest, or those at 2 and 85 percent, as for ZoeDepth.",
        ),
      ),
    gamma: z
      ._default(z.number().check(z.minimum(0.1), z.maximum(5)), 1)
      .check(z.describe("Above 1 darkens all but what is near; 2.2 suits some distances.")),
    removeNear: z
      ._default(percent, 0)
      .check(z.describe("What is nearer than this, in percent of the depth, becomes white.")),
    removeBackground: z
      ._default(percent, 0)
      .check(z.describe("What is further away than this, in percent from black, becomes black.")),
    ...readBy,
  }),
  convention: { values: "gray", polarity: "near-white" },
  nets: ["depth"],
  models: {
    "depth-model": {
      about:
        "any net for depth: an .onnx file that reads one picture, such as an export of MiDaS (MIT), DPT (Apache-2.0) or ZoeDepth (MIT), or Depth Anything as .safetensors. Its licence is its maker's.",
      address: "https://huggingface.co/models?pipeline_tag=depth-estimation&library=onnx",
    },
  },
  extract: async (source, { values, channels, ...options }, context) =>
    (await import("./by-net.ts")).depthByNet(source, context, "depth-model", {
      ...options,
      readBy: { values, channels },
    }),
});
