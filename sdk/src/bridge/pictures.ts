import { type Pixels, UnderdrawError } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import type { EncodedPicture, Picture, StopSignal } from "../host/adapter.ts";
import { stopReason } from "./asked.ts";
import { composite } from "./composite.ts";

/**
 * Any picture as pixels: files are read without a canvas, so that straight alpha stays as it is, stacks are laid over each
 * other. Rejects with `picture-unreadable`, or with the signal's reason.
 */
export async function pixelsOf(picture: Picture, signal: StopSignal | undefined): Promise<Pixels> {
  if ("data" in picture) return picture;
  if ("bytes" in picture) return read(picture, "the host's picture", signal);
  const parts = [];
  for (const [at, { picture: part, box }] of picture.parts.entries()) {
    parts.push({ pixels: await read(part, `picture ${at + 1} of the host's stack`, signal), box });
  }
  return composite(picture.width, picture.height, parts, () => throwIfStopped(signal));
}

async function read({ type, bytes }: EncodedPicture, name: string, signal: StopSignal | undefined): Promise<Pixels> {
  throwIfStopped(signal);
  const { pixels, format } = await readPicture(bytes, { name });
  throwIfStopped(signal);
  if (`image/${format}` === type) return pixels;
  const reason = `it is said to be ${type} and is ${format}. Update the plugin.`;
  throw new UnderdrawError("picture-unreadable", `Cannot take ${name}: ${reason}`, { file: name, reason });
}

/** Pixels as a PNG file. */
export async function encoded(pixels: Pixels, signal: StopSignal | undefined): Promise<EncodedPicture> {
  throwIfStopped(signal);
  return { type: "image/png", bytes: await writePicture(pixels, { format: "png" }) };
}

function throwIfStopped(signal: StopSignal | undefined): void {
  if (signal?.aborted) throw stopReason(signal);
}
