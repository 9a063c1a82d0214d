import type { Plane } from "../vision/plane.ts";
import { type Box, intersection, isEmpty, union } from "./box.ts";
import { Coverage, type Sink } from "./coverage.ts";
import type { Edges } from "./edges.ts";
import { share } from "./mask.ts";
import type { OutlinedShape } from "./outlined.ts";
import { alphaOf } from "./paint.ts";

/** Adds cover to a plane: what is covered twice is not covered more. */
class Layer implements Sink {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly #box: Box;
  readonly #pitch: number;

  constructor(box: Box) {
    this.#box = box;
    this.#pitch = box.right - box.left;
    this.data = new Uint8Array(this.#pitch * (box.bottom - box.top));
  }

  mixed(y: number, left: number, right: number, values: Uint8Array): void {
    const shift = (y - this.#box.top) * this.#pitch - this.#box.left;
    for (let x = left; x < right; x++) {
      const value = values[x] as number;
      if (value === 0) continue;
      const old = this.data[shift + x] as number;
      this.data[shift + x] = old === 0 ? value : old + share(255 - old, value);
    }
  }

  /** Adds a mask that lies within this one. */
  add({ plane, box }: ShapeMask): void {
    for (let y = box.top; y < box.bottom; y++) {
      const to = (y - this.#box.top) * this.#pitch - this.#box.left + box.left;
      const from = (y - box.top) * plane.width;
      for (let x = 0; x < plane.width; x++) {
        const old = this.data[to + x] as number;
        this.data[to + x] = old + share(255 - old, plane.data[from + x] as number);
      }
    }
  }

  /** Keeps of each pixel what a mask of the same box lets through. */
  cut(mask: Uint8Array): void {
    for (let i = 0; i < this.data.length; i++) {
      const value = this.data[i] as number;
      if (value !== 0) this.data[i] = share(value, mask[i] as number);
    }
  }

  /** Leaves a share of all that is covered. */
  thin(alpha: number): void {
    if (alpha < 1)
      for (let i = 0; i < this.data.length; i++) this.data[i] = Math.round((this.data[i] as number) * alpha);
  }

  solid(y: number, left: number, right: number, value: number): void {
    const shift = (y - this.#box.top) * this.#pitch - this.#box.left;
    if (value === 255) this.data.fill(255, shift + left, shift + right);
    else
      for (let x = shift + left; x < shift + right; x++) {
        const old = this.data[x] as number;
        this.data[x] = old + share(255 - old, value);
      }
  }
}

/** Which parts of shapes a mask is made of. */
export interface MaskParts {
  readonly body: boolean;
  readonly line: boolean;
  /** Half transparent paint covers by half; without it all paint that shows covers wholly. */
  readonly thinned?: boolean;
}

/** The mask of a shape, and where in the map it lies. */
export interface ShapeMask {
  readonly plane: Plane;
  readonly box: Box;
}

/** Paints masks of shapes: what it holds between calls is space only. */
export class MaskPainter {
  readonly #coverage = new Coverage();

  /** Where any of the shapes lies within `box`: 255 is wholly covered. Yields 0 every few milliseconds. */
  *union(shapes: readonly OutlinedShape[], box: Box, parts: MaskParts): Generator<number, Plane, void> {
    const layer = new Layer(box);
    for (const shape of shapes) {
      if (shape.clips.length === 0 && shape.shape.kind !== "picture") {
        yield* this.#parts(shape, parts, box, layer);
        continue;
      }
      const found = yield* this.shape(shape, box, parts);
      if (found) layer.add(found);
    }
    return { width: box.right - box.left, height: box.bottom - box.top, data: layer.data };
  }

  /** Where a shape lies within `box`, its area and its line, cut by its clips; null where it does not. */
  *shape(shape: OutlinedShape, box: Box, parts: MaskParts): Generator<number, ShapeMask | null, void> {
    const boxes = [parts.body ? shape.body : null, parts.line ? shape.line : null].map((edges) => edges?.box ?? none);
    let own = intersection(union(boxes[0] as Box, boxes[1] as Box), box);
    for (const clip of shape.clips) own = intersection(own, clip.box);
    if (isEmpty(own)) return null;
    const layer = new Layer(own);
    const plane = { width: own.right - own.left, height: own.bottom - own.top, data: layer.data };
    if (parts.thinned) yield* this.#thinned(shape, parts, own, layer);
    else yield* this.#parts(shape, parts, own, layer);
    for (const clip of shape.clips) {
      const cut = new Layer(own);
      yield* this.#fill(clip, own, cut);
      layer.cut(cut.data);
      const soft = clip.soft?.(own);
      if (soft) layer.cut(soft.data);
      yield 0;
    }
    // A picture lets through what its transparent pixels show.
    const alpha = shape.cut(own);
    if (alpha) layer.cut(alpha.data);
    return { plane, box: own };
  }

  *#parts({ body, line }: OutlinedShape, parts: MaskParts, box: Box, layer: Layer): Generator<number, void, void> {
    if (body && parts.body) yield* this.#fill(body, box, layer);
    if (line && parts.line) yield* this.#fill(line, box, layer);
  }

  /** The area and above it the line, each as much as its paint hides. */
  *#thinned(shape: OutlinedShape, parts: MaskParts, box: Box, layer: Layer): Generator<number, void, void> {
    if (parts.body) yield* this.#parts(shape, { body: true, line: false }, box, layer);
    layer.thin(shape.opacity > 0 ? shape.solidity / shape.opacity : 0);
    if (!parts.line || !shape.line) return;
    const line = new Layer(box);
    yield* this.#parts(shape, { body: false, line: true }, box, line);
    line.thin(alphaOf(shape.shape.stroke));
    layer.add({ plane: { width: box.right - box.left, height: box.bottom - box.top, data: line.data }, box });
  }

  *#fill(edges: Edges, box: Box, sink: Sink): Generator<number, void, void> {
    if (this.#coverage.isSmall(edges, box)) this.#coverage.fill(edges, box, sink);
    else for (const _ of this.#coverage.fillInTurns(edges, box, sink)) yield 0;
  }
}

const none: Box = { left: 0, top: 0, right: 0, bottom: 0 };
