import type { Progress } from "@underdraw/engine";
import { writePicture } from "@underdraw/engine/pictures";
import { failureOf } from "./failure.ts";
import { writeOutputs } from "./output-file.ts";

/** A file that shows a picture while it is drawn: the picture of each step takes the place of the one before. */
export interface PreviewFile {
  /** Hears where the drawing stands. A step that comes while another one is written is left out. */
  hear(progress: Progress): void;
  /** Waits until nothing is written any more; gives why the file could not be written, or null. */
  end(): Promise<string | null>;
}

/** Makes one. */
export function previewFile(path: string, signal: AbortSignal): PreviewFile {
  let writing: Promise<void> | null = null;
  let failure: string | null = null;
  return {
    hear(progress) {
      if (progress.phase !== "denoise" || !progress.preview || writing || failure !== null) return;
      writing = progress
        .preview()
        .then(async (pixels) => {
          const bytes = await writePicture(pixels, { format: "png", signal });
          await writeOutputs([{ path, bytes }], { signal });
        })
        .catch((error: unknown) => {
          // Whoever stopped needs no word of it; the picture itself does not depend on its previews.
          if (!signal.aborted) failure = failureOf(error, signal).message;
        })
        .finally(() => {
          writing = null;
        });
    },
    async end() {
      await writing;
      return failure;
    },
  };
}
