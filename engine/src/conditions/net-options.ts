import * as z from "zod/mini";

/** The size at which nets of edges look at a picture. */
export const resolution = z
  .optional(z.int().check(z.minimum(64), z.maximum(2048)))
  .check(
    z.describe(
      "The shorter side at which the net looks, in pixels. Without it the picture's own, from 64 to 1024. Smaller sees the large outlines, larger sees more detail and needs more memory.",
    ),
  );

/** How many steps of gray soft edges keep. */
export const safeSteps = (preset: number) =>
  z
    ._default(z.int().check(z.minimum(0), z.maximum(10)), preset)
    .check(
      z.describe(
        "How many steps of gray are left. Hides faint structure that would be copied into the picture. 0 leaves all grays.",
      ),
    );

/** How a net of somebody else's reads its picture. */
export const readBy = {
  values: z
    ._default(z.enum(["auto", "imagenet", "unit", "signed", "bytes"]), "auto")
    .check(
      z.describe(
        "Which values the model reads: unit is 0 to 1, signed -1 to 1, bytes 0 to 255, imagenet less the mean of ImageNet's pictures. auto takes what the file tells.",
      ),
    ),
  channels: z
    ._default(z.enum(["auto", "rgb", "bgr"]), "auto")
    .check(z.describe("Whether the model reads red or blue first. auto takes what the file tells, red without that.")),
};
