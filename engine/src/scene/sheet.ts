import type { SceneShape } from "../core/scene.ts";
import type { Plane } from "../vision/plane.ts";
import { type Box, intersection, isEmpty, meets, union } from "./box.ts";
import { IdPass } from "./ids.ts";
import { LinePass } from "./lines.ts";
import type { Outlined, OutlinedShape } from "./outlined.ts";
import { type Pass, paint } from "./pass.ts";
import { keptShapes } from "./same-shape.ts";

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
  #shapes: OutlinedShape[];
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
    return this.#repaint([this.#touched(old), this.#touched(next)]);
  }

  /**
   * Puts other shapes in the place of all, which lie in the same groups, and paints what that changes, which it returns as
   * boxes of pixels that lie apart. Shapes with the same content, in the same order, keep their geometry.
   */
  update(shapes: readonly SceneShape[]): readonly Box[] {
    const before = this.#shapes;
    const kept = keptShapes(
      before.map(({ shape }) => shape),
      shapes,
    );
    const stays = new Set(kept);
    const boxes: Box[] = [];
    for (const [index, old] of before.entries()) if (!stays.has(index)) boxes.push(this.#touched(old));
    this.#shapes = shapes.map((shape, at) => {
      const old = before[kept[at] as number];
      if (old) return old;
      const next = this.#outlined.outline(shape);
      boxes.push(this.#touched(next));
      return next;
    });
    // Ids are places: where those shift, all of them change.
    const shifts = this.ids !== null && kept.some((index, at) => index >= 0 && index !== at);
    return this.#repaint(shifts ? [this.#whole] : boxes);
  }

  #repaint(boxes: readonly Box[]): readonly Box[] {
    const touched = apart(boxes);
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

/** More boxes than these are painted as one. */
const mostBoxes = 32;

/** Boxes that lie apart and cover others: what lies between those that do not meet stays as it is. */
function apart(boxes: readonly Box[]): readonly Box[] {
  const found: Box[] = [];
  for (const one of boxes) {
    if (isEmpty(one)) continue;
    let box = one;
    for (let at = found.length - 1; at >= 0; at--) {
      if (!meets(found[at] as Box, box)) continue;
      box = union(box, found[at] as Box);
      found.splice(at, 1);
      // What has grown may meet what it did not.
      at = found.length;
    }
    found.push(box);
    if (found.length > mostBoxes) found.splice(0, found.length, found.reduce(union));
  }
  return found;
}
