import type { Pixels, Rect } from "@underdraw/engine/core";
import { imaging, type PhotoshopImageData } from "photoshop";
import { drawn, narrowed, type Samples } from "./raster.ts";
import { boxOf, edgesOf, type Size } from "./rectangle.ts";

/** The one space in which pictures cross; Photoshop converts from and to the document's own. */
export const srgb = { colorSpace: "RGB", colorProfile: "sRGB IEC61966-2.1" } as const;

/** What Photoshop gave of an area, and where in the picture it belongs. */
export interface Piece {
  readonly samples: Samples;
  /** In the picture's pixels; not whole where Photoshop scaled. */
  readonly box: Rect;
}

/** Copies what an image holds and lets it go: Photoshop keeps its memory until then. */
export async function taken(image: PhotoshopImageData): Promise<Samples> {
  try {
    const { width, height, components } = image;
    const data = await image.getData({ chunky: true, fullRange: false });
    if (data.length < width * height * components) throw new Error("Photoshop gave fewer pixels than it said");
    return { width, height, components, data: narrowed(data) };
  } finally {
    release(image);
  }
}

/** Gives an image's memory back. The typings say that this takes time; in truth it is done at once. */
export function release(image: PhotoshopImageData): void {
  void image.dispose();
}

/** Scaling is asked for only where there is any: what is read in its own size stays exact. */
const scaling = (bounds: Rect, size: Size) =>
  bounds.width === size.width && bounds.height === size.height ? {} : { targetSize: { ...size } };

/** Reads what is seen of an area; null when there is nothing. Needs a modal scope. */
export async function readComposite(documentID: number, bounds: Rect, size: Size): Promise<Piece | null> {
  const { imageData, sourceBounds, level } = await imaging.getPixels({
    documentID,
    sourceBounds: edgesOf(bounds),
    ...srgb,
    componentSize: 8,
    ...scaling(bounds, size),
  });
  const samples = await taken(imageData);
  return pieceOf(samples, boxOf(sourceBounds, level || 0, bounds, size));
}

/** Reads how far each pixel of an area is selected; null when none is. Needs a modal scope. */
export async function readSelection(documentID: number, bounds: Rect, size: Size): Promise<Piece | null> {
  const { imageData, sourceBounds } = await imaging.getSelection({
    documentID,
    sourceBounds: edgesOf(bounds),
    ...scaling(bounds, size),
  });
  const samples = await taken(imageData);
  return pieceOf(samples, boxOf(sourceBounds, 0, bounds, size));
}

function pieceOf(samples: Samples, box: Rect): Piece | null {
  return samples.width > 0 && samples.height > 0 && box.width > 0 && box.height > 0 ? { samples, box } : null;
}

/** A piece as the whole picture: transparent where Photoshop gave nothing. */
export async function padded(
  piece: Piece,
  size: Size,
  convert: (samples: Samples) => Promise<Pixels>,
): Promise<Pixels> {
  return drawn(await convert(piece.samples), piece.box, size);
}
