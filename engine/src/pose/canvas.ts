import type { Pixels } from "../core/pixels.ts";
import type { PaintSpan } from "../vision/line.ts";

/** A picture that shapes are drawn on: one packed colour a pixel, rows from the top. Shapes are cut at its edges. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly colours: Uint32Array<ArrayBuffer>;
}

/** An opaque black canvas. */
export function blackCanvas(width: number, height: number): Canvas {
  return { width, height, colours: new Uint32Array(width * height).fill(packed(0, 0, 0)) };
}

/** An opaque colour as a canvas holds it; red, green and blue from 0 to 255. */
export function packed(red: number, green: number, blue: number): number {
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0] as number;
}

/** The canvas as pixels; both share their memory. */
export function pixelsOf({ width, height, colours }: Canvas): Pixels {
  return { width, height, data: new Uint8ClampedArray(colours.buffer) };
}

/** Fills parts of rows that lie on the canvas with a colour. */
export function brush({ width, colours }: Canvas, colour: number): PaintSpan {
  return (y, from, to) => colours.fill(colour, y * width + from, y * width + to + 1);
}
