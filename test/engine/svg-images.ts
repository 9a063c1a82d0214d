import { Resvg } from "@resvg/resvg-js";
import { drawScene, flattened, type Pixels } from "@underdraw/engine";
import type { SvgDrawing } from "@underdraw/engine/svg";

/** A drawing as we draw it, on white. */
export const ownImage = (drawing: SvgDrawing): Pixels => flattened(drawScene(drawing), "white");

/** A file as resvg draws it, on white, so many times as large. */
export function resvgImage(text: string, fontFiles: readonly string[] = [], zoom = 1): Pixels {
  const image = new Resvg(text, {
    background: "white",
    fitTo: { mode: "zoom", value: zoom },
    font: { loadSystemFonts: false, fontFiles: [...fontFiles] },
  }).render();
  return { width: image.width, height: image.height, data: Uint8ClampedArray.from(image.pixels) };
}

/** A picture made smaller by a whole number, each pixel the mean of those that it covers. */
export function shrunk({ width, height, data }: Pixels, by: number): Pixels {
  const small = { width: width / by, height: height / by, data: new Uint8ClampedArray((4 * width * height) / by / by) };
  for (let at = 0; at < small.data.length; at++) {
    const [x, y] = [Math.floor(at / 4) % small.width, Math.floor(at / 4 / small.width)];
    let sum = 0;
    for (let n = 0; n < by * by; n++) {
      const [column, row] = [x * by + (n % by), y * by + Math.floor(n / by)];
      sum += data[4 * (row * width + column) + (at % 4)] as number;
    }
    small.data[at] = sum / by / by;
  }
  return small;
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
