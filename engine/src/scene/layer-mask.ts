import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";
import { inRows, inStretches } from "../vision/part.ts";
import { graying } from "../vision/plane.ts";
import { layerChoice } from "./layer-choice.ts";
import { MaskPainter } from "./mask-painter.ts";
import { outlineScene } from "./outlined.ts";
import { within } from "./turns.ts";

/** Which layers a mask shows, and how. */
export interface LayerMaskOptions {
  /** Names or ids of layers and groups, parted by commas; empty for all. */
  readonly layers: string;
  /** Leave out what other layers in front hide. */
  readonly visible: boolean;
  /** Half transparent layers are half in the mask; without it they are wholly. */
  readonly opacity: boolean;
}

/**
 * Draws a mask of layers: white where they lie, with soft edges, black elsewhere. Yields the share done. Throws
 * `request-invalid` for a layer that the drawing does not have.
 */
export function* layerMask(source: SceneSource, options: LayerMaskOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const chosen = layerChoice(source.scene, options.layers);
  const outlined = outlineScene(source);
  const frame = { left: 0, top: 0, right: width, bottom: height };
  const painter = new MaskPainter();
  const mask = new Float32Array(width * height);
  for (const [at, shape] of outlined.shapes.entries()) {
    const done = (0.9 * at) / outlined.shapes.length;
    const own = chosen(shape);
    const hides = !own && options.visible && shape.body !== null;
    if (!own && !hides) continue;
    const parts = { body: true, line: own, thinned: options.opacity || !own };
    const found = yield* within(painter.shape(shape, frame, parts), done, done);
    yield done;
    if (!found) continue;
    const { plane, box } = found;
    const strength = (options.opacity || !own ? shape.opacity : shape.opacity > 0 ? 1 : 0) / 255;
    const lay = (y: number) => {
      let to = (box.top + y) * width + box.left;
      for (let x = 0, from = y * plane.width; x < plane.width; x++, from++, to++) {
        const cover = (plane.data[from] as number) * strength;
        if (cover === 0) continue;
        const old = mask[to] as number;
        mask[to] = own ? old + (1 - old) * cover : old * (1 - cover);
      }
    };
    yield* within(inRows(plane.width, plane.height, lay), done, done);
  }
  const data = new Uint8Array(mask.length);
  const round = (start: number, end: number) => {
    for (let i = start; i < end; i++) data[i] = Math.round(255 * (mask[i] as number));
  };
  yield* within(inStretches(data.length, round), 0.9, 0.95);
  return yield* within(graying({ width, height, data }), 0.95, 1);
}
