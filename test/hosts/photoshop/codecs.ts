import { createPixels } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import type { FilePicture } from "./placing.ts";
import { pngResolution } from "./resolution.ts";

/** RGB bytes as a JPEG file, as Photoshop's own encoder makes it. */
export async function encodeJpeg(rgb: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const picture = createPixels(width, height);
  for (let i = 0; i < width * height; i++) picture.data.set([...rgb.subarray(i * 3, i * 3 + 3), 255], i * 4);
  return writePicture(picture, { format: "jpeg" });
}

/** A picture file's pixels and resolution. */
export async function decodePicture(bytes: Uint8Array): Promise<Omit<FilePicture, "name">> {
  const { pixels } = await readPicture(bytes, { name: "placed file" });
  return { width: pixels.width, height: pixels.height, data: pixels.data, resolution: pngResolution(bytes) };
}
