import { readFile, realpath } from "node:fs/promises";
import { flattened, inverse, type Pixels, UnderdrawError } from "@underdraw/engine";
import { type Picture, readPicture } from "@underdraw/engine/pictures";
import { misused } from "./failure.ts";

/**
 * Reads an image file; what is no image may be taken by `instead`, which gives null for what it does not take either.
 * Rejects with `picture-unreadable`, with the path and the reason.
 */
export async function readPictureFile<Other = never>(
  path: string,
  signal: AbortSignal,
  instead?: (bytes: Uint8Array) => Promise<Other> | null,
): Promise<Picture | Other> {
  const bytes = await readBytes(path, signal);
  return instead?.(bytes) ?? readPicture(bytes, { name: path, signal });
}

/** The bytes of a file. Rejects with `picture-unreadable`, with the path and the reason. */
export async function readBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await readFile(path, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file. Check the path.",
      ENOTDIR: "there is no such file. Check the path.",
      EISDIR: "it is a folder. Name a picture in it.",
      EACCES: "you may not read it. Change its permissions.",
      ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GB. Scale the picture down first.",
    };
    const reason = reasons[code] ?? `${message}.`;
    throw new UnderdrawError("picture-unreadable", `Cannot read ${path}: ${reason}`, { file: path, reason }, { cause });
  }
}

/** Refuses a result's place that is a source's: it would be overwritten. */
export async function checkApart(flag: string, output: string, source: string): Promise<void> {
  const [one, other] = await Promise.all([output, source].map((path) => realpath(path).catch(() => null)));
  if (one === null || one !== other) return;
  throw misused(flag, `${flag} "${output}" is the picture that is read; it would be overwritten. Choose another name.`);
}

/** Light for dark and dark for light. What is transparent counts as white, the ground of dark strokes. */
export function inverted(pixels: Pixels): Pixels {
  return inverse(flattened(pixels, "white"));
}
