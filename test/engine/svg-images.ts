import { Resvg } from "@resvg/resvg-js";
import { drawScene, flattened, type Pixels } from "@underdraw/engine";
import type { SvgDrawing } from "@underdraw/engine/svg";

/** A drawing as we draw it, on white. */
export const ownImage = (drawing: SvgDrawing): Pixels => flattened(drawScene(drawing), "white");

/** A file as resvg draws it, on white. */
export function resvgImage(text: string, fontFiles: readonly string[] = []): Pixels {
  const image = new Resvg(text, {
    background: "white",
    font: { loadSystemFonts: false, fontFiles: [...fontFiles] },
  }).render();
  return { width: image.width, height: image.height, data: Uint8ClampedArray.from(image.pixels) };
}

/** The mean difference of the colours of two pictures of one size, of 255. */
export function difference(one: Pixels, other: Pixels): number {
  if (one.width !== other.width || one.height !== other.height) {
    throw new RangeError(`${one.width}x${one.height} is not ${other.width}x${other.height}.`);
  }
  let sum = 0;
  for (let i = 0; i < one.data.length; i++) sum += Math.abs((one.data[i] as number) - (other.data[i] as number));
  // Alpha is 255 in both.
  return sum / (one.width * one.height * 3);
}
