import type { Matrix, Pixels, SceneGroup, SceneShape } from "../core/index.ts";
import { drawSceneInTurns } from "../scene/draw.ts";
import { collect, createNames } from "./collection.ts";
import type { Reading } from "./reading.ts";
import { stamp, type Template } from "./template.ts";

/** Draws a template, which a matrix leads to pixels, on a transparent ground. Yields now and then. */
export function* templatePicture(
  reading: Reading,
  template: Template,
  matrix: Matrix,
  width: number,
  height: number,
): Generator<void, Pixels, void> {
  const shapes: SceneShape[] = [];
  const groups: SceneGroup[] = [];
  stamp(reading, template, matrix, null, createNames(), collect(shapes, groups));
  const scene = { bounds: { x: 0, y: 0, width, height }, shapes, groups };
  const work = drawSceneInTurns({ width, height, scene });
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield;
  }
}
