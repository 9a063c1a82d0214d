import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { miniFolder } from "@underdraw/model-mini/node";

/** What was found where the model pack should be. */
export interface PackCheck {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** What is wrong, a clause each; empty for a pack as it was made. */
  readonly problems: readonly string[];
}

/** Holds every file of the model pack against its manifest: its size and its SHA-256. */
export async function checkPack(signal: AbortSignal, folder: string = miniFolder()): Promise<PackCheck> {
  let listed: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  try {
    listed = JSON.parse(await readFile(join(folder, "manifest.json"), { encoding: "utf8", signal })).files;
    if (!Array.isArray(listed)) throw new TypeError("it names no files");
  } catch (error) {
    signal.throwIfAborted();
    return { folder, files: 0, bytes: 0, problems: [`its manifest.json cannot be read (${(error as Error).message})`] };
  }
  const problems: string[] = [];
  let bytes = 0;
  for (const { name, bytes: size, sha256 } of listed) {
    signal.throwIfAborted();
    const found = await hashed(join(folder, name), signal);
    bytes += found?.size ?? 0;
    if (!found) problems.push(`${name} is missing`);
    else if (found.size !== size) problems.push(`${name} has ${found.size} bytes instead of ${size}`);
    else if (found.sha256 !== sha256) problems.push(`${name} was changed`);
  }
  return { folder, files: listed.length, bytes, problems };
}

/** The size and SHA-256 of a file, read piece by piece; null when it cannot be read. */
async function hashed(path: string, signal: AbortSignal): Promise<{ size: number; sha256: string } | null> {
  try {
    await using file = await open(path);
    const hash = createHash("sha256");
    const piece = new Uint8Array(1 << 20);
    let size = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) return { size, sha256: hash.digest("hex") };
      hash.update(piece.subarray(0, bytesRead));
      size += bytesRead;
    }
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
