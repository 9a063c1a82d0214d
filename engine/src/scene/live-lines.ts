import type { Pixels, Rect } from "../core/pixels.ts";
import type { Scene, SceneShape, SceneSource } from "../core/scene.ts";
import { grayWords } from "../vision/words.ts";
import type { Box } from "./box.ts";
import { type DocumentLineOptions, outliningOf } from "./document-lines.ts";
import { outlineScene } from "./outlined.ts";
import { isAlike } from "./same-shape.ts";
import { checkShape, checkWhole } from "./scene-rules.ts";
import { Sheet } from "./sheet.ts";
import { within } from "./turns.ts";

/** How lines are drawn that are kept: as soft ones are. */
export type LiveLineOptions = Omit<DocumentLineOptions, "edges">;

/** The lines of a drawing as an opaque picture that follows its changes. */
export class LiveLines {
  /** Changed in place. */
  readonly map: Pixels;
  readonly #words: Uint32Array;
  readonly #options: LiveLineOptions;
  #scene: Scene;
  #sheet: Sheet;

  /** The scene is known to be sound. Nothing is drawn before `draw` is run to its end. */
  constructor(source: SceneSource, options: LiveLineOptions) {
    const { width, height, scene } = source;
    this.map = { width, height, data: new Uint8ClampedArray(width * height * 4) };
    this.#words = new Uint32Array(this.map.data.buffer);
    this.#options = options;
    this.#scene = scene;
    this.#sheet = this.#open(scene);
  }

  /** The drawing as it stands. */
  get scene(): Scene {
    return this.#scene;
  }

  /** Draws all. Yields the share done. */
  *draw(): Generator<number, Pixels, void> {
    yield* within(this.#sheet.paint(), 0, 0.98);
    this.#show([this.#whole]);
    return this.map;
  }

  /** As `LiveLineart.replace`. */
  replace(index: number, shape: SceneShape): readonly Rect[] {
    const { shapes } = this.#scene;
    if (!Object.hasOwn(shapes, index)) {
      throw new RangeError(`index: the drawing has ${shapes.length} shapes, and none at ${index}.`);
    }
    checkShape(shape, this.#scene);
    this.#scene = { ...this.#scene, shapes: shapes.with(index, shape) };
    return this.#show(this.#sheet.replace(index, shape));
  }

  /** As `LiveLineart.update`. */
  update(scene: Scene): readonly Rect[] {
    checkWhole(scene);
    const old = this.#scene;
    this.#scene = scene;
    if (isAlike(old.bounds, scene.bounds) && isAlike(old.groups ?? [], scene.groups ?? [])) {
      return this.#show(this.#sheet.update(scene.shapes));
    }
    this.#sheet = this.#open(scene);
    for (const _ of this.#sheet.paint());
    return this.#show([this.#whole]);
  }

  get #whole(): Box {
    return { left: 0, top: 0, right: this.map.width, bottom: this.map.height };
  }

  #open(scene: Scene): Sheet {
    const source = { width: this.map.width, height: this.map.height, scene };
    return new Sheet(outlineScene(source, outliningOf(source, this.#options)), { hidden: !this.#options.hidden });
  }

  /** Copies lines into the map. */
  #show(boxes: readonly Box[]): readonly Rect[] {
    const { width, data } = this.#sheet.lines;
    for (const { left, top, right, bottom } of boxes) {
      for (let y = top; y < bottom; y++) {
        for (let at = y * width + left; at < y * width + right; at++) {
          this.#words[at] = grayWords[data[at] as number] as number;
        }
      }
    }
    return boxes.map(({ left, top, right, bottom }) => ({
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
    }));
  }
}
