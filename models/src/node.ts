import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { files } from "./files.ts";
import { type MiniVocabulary, readVocabulary } from "./vocabulary.ts";

export { type MiniSketch, miniSketches } from "./sketches.ts";
export { unknownWords } from "./unknown-words.ts";
export { type MiniVocabulary, readVocabulary } from "./vocabulary.ts";

// The pack under Node, whose `fetch` refuses `file:` addresses: the same names as index.ts, read through node:fs, and
// the folder itself, for callers that read weights in place.

/** The paths of the pack's files, as `openMini` takes them: "unet/config.json". */
export const miniFiles: readonly string[] = Object.keys(files);

/** The folder of the pack on this machine, laid out as diffusers does. */
export function miniFolder(): string {
  return fileURLToPath(new URL("../pack", import.meta.url));
}

/**
 * Opens one file of the mini pack by its path. Rejects with a `RangeError` for a path that the pack has not, with
 * the signal's reason when stopped, and with Node's own error when the file cannot be read.
 */
export async function openMini(
  file: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReadableStream<Uint8Array>> {
  options.signal?.throwIfAborted();
  const address = Object.hasOwn(files, file) ? files[file] : undefined;
  if (!address) throw new RangeError(`The mini pack has no "${file}". It has: ${miniFiles.join(", ")}.`);
  const handle = await open(address);
  const chunk = 1 << 18;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          options.signal?.throwIfAborted();
          const bytes = new Uint8Array(chunk);
          const { bytesRead } = await handle.read(bytes, 0, chunk);
          if (bytesRead > 0) return controller.enqueue(bytes.subarray(0, bytesRead));
          await handle.close();
          controller.close();
        } catch (error) {
          await handle.close();
          throw error;
        }
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  );
}

/** What the pack was taught: styles, subjects, colours. Rejects as `openMini` does. */
export async function miniVocabulary(options: { readonly signal?: AbortSignal } = {}): Promise<MiniVocabulary> {
  return readVocabulary(await openMini("knows.json", options));
}
