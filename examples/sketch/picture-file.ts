import { sheet } from "./canvas/paint.ts";

/**
 * Reads a picture file with the browser's own decoders and lays it on a white square of `side` pixels, whole and in the
 * middle. Rejects with the decoder's error for what is no picture.
 */
export async function readOntoSheet(file: Blob, side: number): Promise<ImageData> {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    // A drawing without a size of its own (SVG) fills the sheet.
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = width > 0 && height > 0 ? side / Math.max(width, height) : 1;
    const [w, h] = width > 0 && height > 0 ? [width * scale, height * scale] : [side, side];
    const context = sheet(side);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, side, side);
    context.imageSmoothingQuality = "high";
    context.drawImage(image, (side - w) / 2, (side - h) / 2, w, h);
    return context.getImageData(0, 0, side, side);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The first picture in what was dropped or pasted, or null. */
export function pictureIn(transfer: DataTransfer | null): File | null {
  return [...(transfer?.files ?? [])].find(({ type }) => type.startsWith("image/")) ?? transfer?.files[0] ?? null;
}
