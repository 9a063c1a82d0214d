import type { Pixels } from "../core/pixels.ts";
import { grayPixels } from "./plane.ts";

/** How opacity is drawn. */
export interface OpacityOptions {
  /** From 0 to 255: what is more opaque is white. */
  readonly threshold: number;
  /** Draws opacity itself, in grays. */
  readonly soft: boolean;
  /** Draws the negative. */
  readonly invert: boolean;
}

/** Draws the opacity of a picture: white where it is opaque, black where it is transparent. */
export function opacityMap({ width, height, data }: Pixels, { threshold, soft, invert }: OpacityOptions): Pixels {
  const turn = invert ? 255 : 0;
  const levels = Uint8Array.from({ length: 256 }, (_, alpha) => (soft ? alpha : alpha > threshold ? 255 : 0) ^ turn);
  const drawn = new Uint8Array(width * height);
  for (let i = 0, from = 3; i < drawn.length; i++, from += 4) drawn[i] = levels[data[from] as number] as number;
  return grayPixels({ width, height, data: drawn });
}
