import type { Pipeline, Pixels } from "@underdraw/engine";

// Pictures that begin with a picture.

// #region replace
/** Draws something else where the mask is white; what is black comes back byte for byte. */
export async function replaced(pipeline: Pipeline, picture: Pixels, mask: Pixels, prompt: string): Promise<Pixels> {
  const { pixels } = await pipeline.generate({
    prompt,
    controls: [],
    init: { picture, mask, strength: 0.9, feather: 24, grays: "when" },
  });
  return pixels;
}
// #endregion
