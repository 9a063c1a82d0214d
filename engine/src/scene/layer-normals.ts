import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";
import { inStretches } from "../vision/part.ts";
import { balloonOf } from "./balloon.ts";
import { paintIds } from "./ids.ts";
import { levelsOf } from "./levels.ts";
import { MaskPainter } from "./mask-painter.ts";
import { type OutlinedShape, outlineScene } from "./outlined.ts";
import { within } from "./turns.ts";

/** How layers are rounded to have normals. */
export interface LayerNormalOptions {
  /** How steep: 1 makes a ball of a disc, less is flatter. */
  readonly strength: number;
  /** From about how far in from its rim a layer is flat, in pixels of a map of 512; 0 for nowhere. */
  readonly rim: number;
  /** Count each of the outermost groups as one layer. */
  readonly groups: boolean;
  /** Right is red instead of left. */
  readonly flipRed: boolean;
  /** Down is green instead of up. */
  readonly flipGreen: boolean;
}

/**
 * Draws the normals of a drawing whose layers are blown up, each from its own rim, in the colours that nets know: left is
 * red, up is green, the viewer's side blue. Where nothing lies is flat. Yields the share done.
 */
export function* layerNormals(source: SceneSource, options: LayerNormalOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const { strength, groups, flipRed, flipGreen } = options;
  const outlined = outlineScene(source);
  const { levels, levelOf } = yield* within(levelsOf(outlined, { groups }), 0, 0.1);
  const ids = yield* within(paintIds(outlined, { lines: true }), 0.1, 0.3);
  const shown = new Uint8Array(levels.length + 1);
  const look = (start: number, end: number) => {
    for (let i = start; i < end; i++) if (ids[i] !== 0) shown[(levelOf[(ids[i] as number) - 1] as number) + 1] = 1;
  };
  yield* within(inStretches(ids.length, look), 0.3, 0.3);
  const map: Pixels = { width, height, data: new Uint8ClampedArray(width * height * 4) };
  const words = new Uint32Array(map.data.buffer);
  // Straight to the viewer.
  words.fill(new Uint32Array(new Uint8Array([127, 127, 255, 255]).buffer)[0] as number);
  const rim = (options.rim * Math.min(width, height)) / 512;
  const painter = new MaskPainter();
  for (const [at, { shapes, box }] of levels.entries()) {
    const done = 0.3 + (0.7 * at) / levels.length;
    yield done;
    if (shown[at + 1] === 0) continue;
    const members = shapes.map((place) => outlined.shapes[place] as OutlinedShape);
    const mask = yield* within(painter.union(members, box, { body: true, line: true }), done, done);
    const { data: heights, width: pitch } = yield* within(balloonOf(mask, box, outlined, { rim }), done, done);
    // Sobel's sums are eight times the slope.
    const across = ((flipRed ? -1 : 1) * strength) / 8;
    const down = ((flipGreen ? -1 : 1) * strength) / 8;
    for (let y = box.top; y < box.bottom; y++) {
      let from = (y - box.top + 1) * pitch + 1;
      for (let x = box.left, to = y * width + box.left; x < box.right; x++, from++, to++) {
        const id = ids[to] as number;
        if (id === 0 || levelOf[id - 1] !== at) continue;
        const a = heights[from - pitch - 1] as number;
        const b = heights[from - pitch] as number;
        const c = heights[from - pitch + 1] as number;
        const d = heights[from - 1] as number;
        const e = heights[from + 1] as number;
        const f = heights[from + pitch - 1] as number;
        const g = heights[from + pitch] as number;
        const h = heights[from + pitch + 1] as number;
        const left = across * (c - a + 2 * (e - d) + (h - f));
        const up = down * (f - a + 2 * (g - b) + (h - c));
        const scale = 127.5 / Math.sqrt(left * left + up * up + 1);
        map.data[4 * to] = Math.floor(127.5 + scale * left);
        map.data[4 * to + 1] = Math.floor(127.5 + scale * up);
        map.data[4 * to + 2] = Math.floor(127.5 + scale);
      }
      if ((y & 15) === 15) yield done;
    }
  }
  return map;
}
