import {
  formatRecipe,
  type GenerateRequest,
  type GenerateResult,
  type Pipeline,
  type Pixels,
  type Progress,
  recipeKeyword,
  UnderdrawError,
} from "@underdraw/engine";
import { writePicture } from "@underdraw/engine/pictures";

/** A picture that was drawn. */
export interface Drawn {
  readonly result: GenerateResult;
  readonly durationMs: number;
  /** The same as a PNG file that holds its recipe: the command line, or another program, can draw it again. */
  readonly png: Uint8Array<ArrayBuffer>;
}

/** What may be told while a picture is drawn. */
export interface DrawingEvents {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onPreview: (pixels: Pixels) => void;
}

/** Draws a picture, with looks at it on the way, and makes its file. */
export async function drawPicture(
  pipeline: Pipeline,
  request: GenerateRequest,
  { signal, onProgress, onPreview }: DrawingEvents,
): Promise<Drawn> {
  const look = previews(signal, onPreview);
  const started = performance.now();
  const result = await pipeline.generate(request, {
    signal,
    onProgress(progress) {
      onProgress(progress);
      look(progress);
    },
  });
  const durationMs = performance.now() - started;
  let text = {};
  try {
    text = { [recipeKeyword]: formatRecipe(await pipeline.recipe(request, result, { signal })) };
  } catch (error) {
    // A page that is neither https nor localhost has no SHA-256: there the picture is saved without its recipe.
    if (!UnderdrawError.is(error, "feature-missing")) throw error;
  }
  return { result, durationMs, png: await writePicture(result.pixels, { format: "png", text }) };
}

/** After so many steps the picture is looked at. */
const previewEvery = 2;
/** How much of the drawing time may go into previews: after one, so many times its duration passes before the next. */
const previewPause = 5;

/**
 * Looks at the picture now and then, unless the last look is still on its way or looks would slow the picture down, as
 * they do on a processor.
 */
function previews(signal: AbortSignal, onPreview: (pixels: Pixels) => void): (progress: Progress) => void {
  let nextAt = 0;
  return (progress) => {
    const began = performance.now();
    if (progress.phase !== "denoise" || !progress.preview || began < nextAt) return;
    if (progress.step % previewEvery !== 0 || progress.step === progress.steps) return;
    nextAt = Number.POSITIVE_INFINITY;
    progress
      .preview()
      .then((pixels) => {
        if (!signal.aborted) onPreview(pixels);
      })
      .catch((error: unknown) => {
        // A look that fails costs the picture nothing; a stopped call stops its looks too.
        if (!signal.aborted) console.warn("The preview failed:", error);
      })
      .finally(() => {
        const now = performance.now();
        nextAt = now + previewPause * (now - began);
      });
  };
}
