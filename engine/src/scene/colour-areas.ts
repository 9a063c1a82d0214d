import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";
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
  const data = new Uint8ClampedArray(width * height * 4).fill(ground === "white" ? 255 : 0);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
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
    for (let y = 0, from = 0; y < plane.height; y++) {
      let to = 4 * ((box.top + y) * width + box.left);
      for (let x = 0; x < plane.width; x++, from++, to += 4) {
        if ((plane.data[from] as number) < 128) continue;
        // The array rounds and clamps.
        data[to] = red + (data[to] as number) * (1 - alpha);
        data[to + 1] = green + (data[to + 1] as number) * (1 - alpha);
        data[to + 2] = blue + (data[to + 2] as number) * (1 - alpha);
      }
    }
  }
  return { width, height, data };
}
