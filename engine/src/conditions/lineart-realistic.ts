import * as z from "zod/mini";
import { defineCondition } from "./condition.ts";
import { resolution } from "./net-options.ts";

const terms =
  "by Caroline Chan and others (MIT), as published for ControlNet: convert it to .safetensors first, for a .pth file can run code when it is opened.";
const address = "https://huggingface.co/lllyasviel/Annotators";

/** Line art of a photo as a net draws it that learned from drawings, white on black. */
export const lineartRealistic = defineCondition({
  id: "lineart-realistic",
  title: "Line art from a photo (informative drawings)",
  about: "Line drawing of a photo, as an illustrator would trace it.",
  options: z.object({
    resolution,
    coarse: z
      ._default(z.boolean(), false)
      .check(z.describe("Draw fewer, bolder lines, with the other of the two published nets.")),
  }),
  convention: { values: "soft", polarity: "white-on-black", display: "inverted" },
  nets: ["lineart"],
  models: {
    lineart: { about: `the generator of line drawings, sk_model.pth, ${terms}`, address, when: { coarse: false } },
    "lineart-coarse": {
      about: `the generator of coarse line drawings, sk_model2.pth, ${terms}`,
      address,
      when: { coarse: true },
    },
  },
  extract: async (source, { resolution: side, coarse }, context) =>
    (await import("./by-net.ts")).edgesByNet(source, context, coarse ? "lineart-coarse" : "lineart", {
      resolution: side,
      answers: "last",
      values: "shares",
      dark: true,
    }),
});
