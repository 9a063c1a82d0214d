import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";
import { inRows } from "../vision/part.ts";
import { grayWords } from "../vision/words.ts";
import { flatColour } from "./flat-colour.ts";
import { MaskPainter } from "./mask-painter.ts";
import { outlineScene } from "./outlined.ts";
import { within } from "./turns.ts";

/** How colour areas are drawn. */
export interface ColourAreaOptions {
  /** The page under the drawing. */
  readonly ground: "black" | "white";
}

/**
 * Draws the filled shapes of a drawing as flat areas in their own colours, with hard edges and without lines and text:
 * gradients and pictures in their mean colour, half transparent ones mixed with what lies behind. Yields the share done.
 */
export function* colourAreas(source: SceneSource, { ground }: ColourAreaOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const outlined = outlineScene(source);
  const frame = { left: 0, top: 0, right: width, bottom: height };
  const painter = new MaskPainter();
  const data = new Uint8ClampedArray(width * height * 4);
  new Uint32Array(data.buffer).fill(grayWords[ground === "white" ? 255 : 0] as number);
  for (const [at, shape] of outlined.shapes.entries()) {
    const done = at / outlined.shapes.length;
    yield done;
    const colour = shape.shape.kind === "text" || !shape.body ? null : flatColour(shape.shape);
    const alpha = colour ? colour[3] * shape.opacity : 0;
    if (!colour || alpha <= 0) continue;
    const found = yield* within(painter.shape(shape, frame, { body: true, line: false }), done, done);
    if (!found) continue;
    const { plane, box } = found;
    const [red, green, blue] = colour.map((channel) => channel * alpha) as [number, number, number];
    const lay = (y: number) => {
      let to = 4 * ((box.top + y) * width + box.left);
      for (let x = 0, from = y * plane.width; x < plane.width; x++, from++, to += 4) {
        if ((plane.data[from] as number) < 128) continue;
        // The array rounds and clamps.
        data[to] = red + (data[to] as number) * (1 - alpha);
        data[to + 1] = green + (data[to + 1] as number) * (1 - alpha);
        data[to + 2] = blue + (data[to + 2] as number) * (1 - alpha);
      }
    };
    yield* within(inRows(plane.width, plane.height, lay), done, done);
  }
  return { width, height, data };
}
