import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { resolution, safeSteps } from "./net-options.ts";

/** Soft edges as TEED sees them, white on black. */
export const softedgeTeed = defineCondition({
  id: "softedge-teed",
  title: "Soft edges (TEED)",
  about: "Soft outlines found by TEED, the smallest of these nets.",
  options: z.object({ resolution, safeSteps: safeSteps(2) }),
  convention: { values: "soft", polarity: "white-on-black", display: "inverted" },
  nets: ["softedge"],
  models: {
    teed: {
      about:
        "TEED by Xavier Soria and others (MIT), 58,000 numbers, published as 7_model.pth: convert it to .safetensors first, for a .pth file can run code when it is opened.",
      address: "https://github.com/xavysp/TEED",
    },
  },
  extract: async (source, options, context) =>
    (await import("./by-net.ts")).edgesByNet(source, context, "teed", {
      ...options,
      answers: "all",
      values: "evidence",
      dark: false,
    }),
});
