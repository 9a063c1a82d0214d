import { UnderdrawError } from "./core/errors.ts";
import type { Pixels } from "./core/pixels.ts";
import type { RecipePicture } from "./recipe.ts";
import { hex, sha256 } from "./sha256.ts";

// Pictures inside a recipe: PNG files in base64, and what tells their pixels from others without reading them.

/** How many pixels a picture in a recipe may have: more would be no model's, and a bomb in a small file. */
const mostPixels = 2 ** 25;

/**
 * A picture as a recipe holds it: its PNG file, and SHA-256 over its size as text ("640x480" and a line feed) and its
 * pixels' four bytes each. Colour where alpha is 0, which nobody sees, counts as none. Rejects with `feature-missing` in
 * a page that is no secure context.
 */
export async function recipePicture(
  pixels: Pixels,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Required<RecipePicture>> {
  const [{ writingPng }, { inTurns }] = await Promise.all([
    import("./pictures/png-write.ts"),
    import("./pictures/turns.ts"),
  ]);
  options.signal?.throwIfAborted();
  const seen = visible(pixels);
  const png = await inTurns(writingPng(seen), options.signal);
  const size = new TextEncoder().encode(`${seen.width}x${seen.height}\n`);
  const bytes = new Uint8Array(seen.data.buffer, seen.data.byteOffset, seen.data.byteLength);
  return { png, fingerprint: hex(await sha256([size, bytes])) };
}

/** The pixels without colour where nothing is seen, as a PNG file is read back. */
function visible({ width, height, data }: Pixels): Pixels {
  const copy = new Uint8ClampedArray(data);
  for (let i = 3; i < copy.length; i += 4) if (copy[i] === 0) copy[i - 1] = copy[i - 2] = copy[i - 3] = 0;
  return { width, height, data: copy };
}

/** Bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** How a picture in a recipe is read. */
export interface PictureReading {
  /** What the recipe's file is called in messages. */
  readonly file: string;
  readonly signal?: AbortSignal;
}

/** The pixels of a PNG file in base64. Rejects with `file-invalid` for what is none, is damaged or too large. */
export async function readRecipePicture(
  base64: string,
  what: string,
  { file, signal }: PictureReading,
): Promise<Pixels> {
  const refuse = (fault: string, cause?: unknown): UnderdrawError<"file-invalid"> => {
    const reason = `its ${what} ${fault}`;
    const message = `The recipe in ${file} cannot be used: ${reason} Take the file that was written first, or draw the picture anew.`;
    return new UnderdrawError("file-invalid", message, { file, reason }, { cause });
  };
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw refuse("is no base64.", cause);
  }
  // Signature and header of a PNG: what it says of its size is read before memory is asked for.
  const isPng = bytes.length > 33 && [0x89, 0x50, 0x4e, 0x47].every((byte, at) => bytes[at] === byte);
  if (!isPng) throw refuse("is no PNG file.");
  const header = new DataView(bytes.buffer, 16, 8);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  if (width * height > mostPixels)
    throw refuse(`has ${width} x ${height} pixels, and ${mostPixels} in all are the most.`);
  const { readPicture } = await import("./pictures/picture.ts");
  try {
    const name = `the ${what} in ${file}`;
    return (await readPicture(bytes, { name, ...(signal && { signal }) })).pixels;
  } catch (cause) {
    if (!UnderdrawError.is(cause)) throw cause; // stopped
    throw refuse("cannot be read: it is damaged.", cause);
  }
}
