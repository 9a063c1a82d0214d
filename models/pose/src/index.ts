import { files, fingerprints } from "./files.ts";

// Nets that find people in photos: MoveNet Lightning, as an ONNX file, and a way to open it. It knows nothing of the
// engine; the condition "pose-movenet" asks for what lies here. In a browser the file is fetched from beside this module;
// under Node the package's export condition takes node.ts instead.

/** The paths of the pack's files, as `openPose` takes them: "movenet-lightning.onnx". */
export const poseFiles: readonly string[] = Object.keys(files);

/** The SHA-256 of each model in the pack, in hex, by its path. */
export const poseFingerprints: Readonly<Record<string, string>> = fingerprints;

/**
 * Opens one file of the pose pack by its path. Rejects with a `RangeError` for a path that the pack has not, with the
 * signal's reason when stopped, and with an `Error` that names the address when it cannot be fetched.
 */
export async function openPose(
  file: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReadableStream<Uint8Array>> {
  const address = Object.hasOwn(files, file) ? files[file] : undefined;
  if (!address) throw new RangeError(`The pose pack has no "${file}". It has: ${poseFiles.join(", ")}.`);
  const response = await fetch(address, options.signal ? { signal: options.signal } : {});
  if (!response.ok || !response.body) {
    throw new Error(
      `Could not fetch ${address.href} (status ${response.status}). Serve the pack's files beside the script.`,
    );
  }
  return response.body;
}
