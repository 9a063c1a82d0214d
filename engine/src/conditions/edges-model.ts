import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { readBy, resolution, safeSteps } from "./net-options.ts";

/** Edges as any model sees them in a photo, white on black. */
export const edgesModel = defineCondition({
  id: "edges-model",
  title: "Edges from a photo (your own model)",
  about: "Edges in a photo, found by an ONNX model of your own.",
  options: z.object({
    resolution,
    answers: z
      ._default(z.enum(["last", "all"]), "last")
      .check(z.describe("Which of a model's maps count: the last, or the mean of all.")),
    lines: z
      ._default(z.enum(["auto", "light", "dark"]), "auto")
      .check(
        z.describe("Whether the model draws light lines or dark ones. auto looks which cover less of the picture."),
      ),
    safeSteps: safeSteps(0),
    ...readBy,
  }),
  convention: { values: "soft", polarity: "white-on-black", display: "inverted" },
  nets: ["softedge", "lineart"],
  models: {
    "edges-model": {
      about:
        "any net for edges or line drawings: an .onnx file that reads one picture, such as an export of DexiNed or TEED (MIT), or HED, PiDiNet, TEED or a line art generator as .safetensors. Its licence is its maker's.",
      address: "https://github.com/xavysp/DexiNed",
    },
  },
  extract: async (source, { resolution: side, lines, values, channels, ...options }, context) =>
    (await import("./by-net.ts")).edgesByNet(source, context, "edges-model", {
      ...options,
      resolution: side,
      dark: lines === "auto" ? undefined : lines === "dark",
      readBy: { values, channels },
    }),
});
