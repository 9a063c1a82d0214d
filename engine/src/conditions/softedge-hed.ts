import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { resolution, safeSteps } from "./net-options.ts";

/** Soft edges as HED sees them, white on black. */
export const softedgeHed = defineCondition({
  id: "softedge-hed",
  title: "Soft edges (HED)",
  about: "Soft outlines as people draw them, found by HED.",
  options: z.object({ resolution, safeSteps: safeSteps(0) }),
  convention: { values: "soft", polarity: "white-on-black", display: "inverted" },
  nets: ["softedge"],
  models: {
    hed: {
      about:
        "HED as re-trained by Lvmin Zhang for ControlNet (Apache-2.0), published as ControlNetHED.pth: convert it to .safetensors first, for a .pth file can run code when it is opened.",
      address: "https://huggingface.co/lllyasviel/Annotators",
    },
  },
  extract: async (source, options, context) =>
    (await import("./by-net.ts")).edgesByNet(source, context, "hed", {
      ...options,
      answers: "all",
      values: "evidence",
      dark: false,
    }),
});
