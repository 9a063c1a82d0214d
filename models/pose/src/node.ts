import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { files, fingerprints } from "./files.ts";

// The pack under Node, whose `fetch` refuses `file:` addresses: the same names as index.ts, read through node:fs, and
// the folder itself, for callers that read a model in place.

/** The paths of the pack's files, as `openPose` takes them: "movenet-lightning.onnx". */
export const poseFiles: readonly string[] = Object.keys(files);

/** The SHA-256 of each model in the pack, in hex, by its path. */
export const poseFingerprints: Readonly<Record<string, string>> = fingerprints;

/** The folder of the pack on this machine. */
export function poseFolder(): string {
  return fileURLToPath(new URL("../pack", import.meta.url));
}

/**
 * Opens one file of the pose pack by its path. Rejects with a `RangeError` for a path that the pack has not, with the
 * signal's reason when stopped, and with Node's own error when the file cannot be read.
 */
export async function openPose(
  file: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReadableStream<Uint8Array>> {
  options.signal?.throwIfAborted();
  const address = Object.hasOwn(files, file) ? files[file] : undefined;
  if (!address) throw new RangeError(`The pose pack has no "${file}". It has: ${poseFiles.join(", ")}.`);
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
