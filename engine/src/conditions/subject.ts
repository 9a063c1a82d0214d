import * as z from "zod/mini";

/** The options by which a subject is told from its ground, of all conditions that need one. */
export const subjectOptions = {
  tolerance: z
    ._default(z.number().check(z.minimum(0), z.maximum(100)), 0)
    .check(
      z.describe(
        "In a picture without transparency: how large a jump in colour, in units of Lab, ends the ground that hangs together with the picture's edge. 0 finds it from the picture.",
      ),
    ),
  area: z
    ._default(z.int().check(z.minimum(0), z.maximum(1000000)), 64)
    .check(z.describe("Spots and holes of fewer pixels than this are taken for what is around them.")),
};
