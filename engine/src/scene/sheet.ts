import type { SceneShape } from "../core/scene.ts";
import type { Plane } from "../vision/plane.ts";
import { type Box, intersection, isEmpty, meets, union } from "./box.ts";
import { IdPass } from "./ids.ts";
import { LinePass } from "./lines.ts";
import type { Outlined, OutlinedShape } from "./outlined.ts";
import { type Pass, paint } from "./pass.ts";

/** How a sheet is painted. */
export interface SheetOptions {
  /** Remove what lies behind the bodies of shapes further in front. */
  readonly hidden: boolean;
  /** The opacity from which a body hides; 0.5 without it. */
  readonly opaque?: number;
  /** Keep the foremost shape of each pixel as well. False without it. */
  readonly ids?: boolean;
}

/**
 * A scene's lines, kept so that they can be painted again in part: when a shape changes, only what its old and its new self
 * touch is, and comes out as if all had been.
 */
export class Sheet {
  readonly lines: Plane;
  /** For each pixel 1 + the index of the foremost shape with a body there, 0 for none; null where they are not kept. */
  readonly ids: Uint32Array<ArrayBuffer> | null;
  readonly #outlined: Outlined;
  readonly #shapes: OutlinedShape[];
  readonly #passes: readonly Pass[];
  readonly #whole: Box;

  /** Nothing is painted before `paint` is run to its end. */
  constructor(outlined: Outlined, { hidden, opaque = 0.5, ids = false }: SheetOptions) {
    const { width, height } = outlined;
    const lines = new LinePass(width, height, { hidden, opaque });
    const foremost = ids ? new IdPass(width, height, { opaque }) : null;
    this.lines = { width, height, data: lines.lines };
    this.ids = foremost?.ids ?? null;
    this.#outlined = outlined;
    this.#shapes = [...outlined.shapes];
    this.#passes = foremost ? [lines, foremost] : [lines];
    this.#whole = { left: 0, top: 0, right: width, bottom: height };
  }

  /** Paints all. Yields the share done. */
  *paint(): Generator<number, void, void> {
    this.#clear(this.#whole);
    for (const [n, pass] of this.#passes.entries()) {
      for (const share of paint(this.#shapes, pass, this.#whole)) yield (n + share) / this.#passes.length;
    }
  }

  /** Puts a shape in the place of another and paints what that changes, which it returns: up to two boxes of pixels. */
  replace(index: number, shape: SceneShape): readonly Box[] {
    const old = this.#shapes[index];
    if (!old) throw new RangeError(`index: the sheet has ${this.#shapes.length} shapes, and none at ${index}.`);
    const next = this.#outlined.outline(shape);
    this.#shapes[index] = next;
    const [before, after] = [this.#touched(old), this.#touched(next)];
    // Apart where they do not meet: what lies between them stays as it is.
    const boxes = meets(before, after) ? [union(before, after)] : [before, after];
    const touched = boxes.filter((box) => !isEmpty(box));
    for (const box of touched) {
      this.#clear(box);
      const near = this.#shapes.map((other) => (meets(other.reach, box) ? other : null));
      for (const pass of this.#passes) for (const _ of paint(near, pass, box));
    }
    return touched;
  }

  #clear(box: Box): void {
    const { width } = this.lines;
    for (const { room } of this.#passes) room.open(box);
    for (let y = box.top; y < box.bottom; y++) {
      this.lines.data.fill(0, y * width + box.left, y * width + box.right);
      this.ids?.fill(0, y * width + box.left, y * width + box.right);
    }
  }

  /** The pixels of the map that a shape's body and line can touch. */
  #touched({ body, line, reach }: OutlinedShape): Box {
    const box = [body, line].reduce<Box>((sum, edges) => (edges ? union(sum, edges.box) : sum), nowhere);
    return intersection(intersection(box, reach), this.#whole);
  }
}

const nowhere: Box = { left: 0, top: 0, right: 0, bottom: 0 };
