import type { FilePicture } from "../placing.ts";
import { pngResolution } from "../resolution.ts";

// Pictures as files, by the browser; its own, before they are taken from the plugin.

const { OffscreenCanvas, ImageData, createImageBitmap, Blob } = globalThis;

function canvasOf(width: number, height: number): [OffscreenCanvas, OffscreenCanvasRenderingContext2D] {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("There is no 2D canvas here.");
  return [canvas, context];
}

/** RGB bytes as a JPEG file. */
export async function encodeJpeg(rgb: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([...rgb.subarray(i * 3, i * 3 + 3), 255], i * 4);
  const [canvas, context] = canvasOf(width, height);
  context.putImageData(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  return new Uint8Array(await blob.arrayBuffer());
}

/** A picture file's pixels and resolution. */
export async function decodePicture(bytes: Uint8Array): Promise<Omit<FilePicture, "name">> {
  const bitmap = await createImageBitmap(new Blob([bytes.slice()]), { premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  const [, context] = canvasOf(width, height);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data, resolution: pngResolution(bytes) };
}
