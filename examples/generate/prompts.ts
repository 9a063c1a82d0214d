import type { Engine, ModelSource, Pipeline, Pixels } from "@underdraw/engine";

// #region words
/** Loads a checkpoint whose prompts may hold two words more. */
export function loadWords(
  engine: Engine,
  base: ModelSource,
  files: { readonly toy: ModelSource; readonly bad: ModelSource },
): Promise<Pipeline> {
  return engine.load({ base, embeddings: { "<my-toy>": files.toy, EasyNegative: files.bad } });
}
// #endregion

// #region weighted
/** Draws by a prompt with weights. */
export async function drawToy(pipeline: Pipeline): Promise<Pixels> {
  const { pixels } = await pipeline.generate({
    prompt: "a (<my-toy>:1.2) on a [crowded] shelf, studio light BREAK oil painting",
    negativePrompt: "EasyNegative, (blurry:1.1)",
    promptSyntax: "weighted",
    controls: [],
  });
  return pixels;
}
// #endregion

// #region chunks
/** What the model reads at once, for a field that shows its borders, and how full the prompt is ("80/150"). */
export async function partsOf(
  pipeline: Pipeline,
  prompt: string,
): Promise<{ readonly parts: readonly string[]; readonly fill: string }> {
  const { chunks, used, limit } = await pipeline.countTokens(prompt, { syntax: "weighted" });
  return { parts: chunks.map(({ start, end }) => prompt.slice(start, end)), fill: `${used}/${limit}` };
}
// #endregion
