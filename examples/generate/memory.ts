import { Engine, type GenerateRequest, type ModelFolder, type Pixels, UnderdrawError } from "@underdraw/engine";

// Pictures where memory is scarce.

// #region scarce
/** Draws within a budget of bytes: with fewer bits a weight, and where that does not do, says why. */
export async function drawWithin(
  memory: number,
  models: ModelFolder,
  request: GenerateRequest,
): Promise<Pixels | string> {
  await using engine = new Engine({ models, memory });
  try {
    await using pipeline = await engine.load({ weights: "int8" });
    const { pixels, warnings } = await pipeline.generate(request);
    for (const { code, message } of warnings) if (code.startsWith("memory-")) console.info(message);
    return pixels;
  } catch (error) {
    if (UnderdrawError.is(error, "out-of-memory")) return error.message;
    throw error;
  }
}
// #endregion
