import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { resolution, safeSteps } from "./net-options.ts";

/** Soft edges as PiDiNet sees them, white on black. */
export const softedgePidinet = defineCondition({
  id: "softedge-pidinet",
  title: "Soft edges (PiDiNet)",
  about: "Soft outlines, finer than HED's, found by PiDiNet.",
  options: z.object({
    resolution,
    filter: z
      ._default(z.boolean(), false)
      .check(z.describe("Keep strong edges alone, all of them white, instead of grays.")),
    safeSteps: safeSteps(0),
  }),
  convention: { values: "soft", polarity: "white-on-black", display: "inverted" },
  nets: ["softedge"],
  models: {
    pidinet: {
      about:
        "PiDiNet by Zhuo Su and others, the network of its table 5, published as table5_pidinet.pth: convert it to .safetensors first, for a .pth file can run code when it is opened. Its licence allows research alone; ask its authors for more.",
      address: "https://huggingface.co/lllyasviel/Annotators",
    },
  },
  extract: async (source, options, context) =>
    (await import("./by-net.ts")).edgesByNet(source, context, "pidinet", {
      ...options,
      answers: "last",
      values: "shares",
      dark: false,
    }),
});
