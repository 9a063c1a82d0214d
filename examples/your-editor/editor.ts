import type { Rect } from "@underdraw/engine/core";

// A small paint program, to have something to bring Underdraw to: pictures as layers, a rectangle as selection, undo as a
// list of what to do and how to take it back. It knows nothing of Underdraw.

/** One layer of the document: a picture and where it lies. */
export interface Layer {
  readonly id: string;
  readonly name: string;
  readonly image: ImageData;
  readonly x: number;
  readonly y: number;
  /** Whatever a plugin keeps with the layer. */
  readonly notes: ReadonlyMap<string, string>;
}

interface Step {
  readonly title: string;
  redo(): void;
  undo(): void;
}

/** The paint program. */
export class Editor {
  readonly width: number;
  readonly height: number;
  /** From the back to the front. */
  layers: readonly Layer[];
  selection: Rect | null = null;
  readonly #done: Step[] = [];
  readonly #undone: Step[] = [];
  readonly #listeners = new Set<() => void>();
  #next = 1;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.layers = [this.createLayer("Paper", new ImageData(width, height), 0, 0)];
  }

  /** A new layer, which is in no document yet. */
  createLayer(
    name: string,
    image: ImageData,
    x: number,
    y: number,
    notes: ReadonlyMap<string, string> = new Map(),
  ): Layer {
    return { id: `layer-${this.#next++}`, name, image, x, y, notes };
  }

  /** Puts layers on top, or directly above the layer `above`, as one step of the undo history. */
  insert(title: string, layers: readonly Layer[], above?: string): void {
    const at = this.layers.findIndex(({ id }) => id === above) + 1 || this.layers.length;
    this.#change(title, [...this.layers.slice(0, at), ...layers, ...this.layers.slice(at)]);
  }

  /** Paints on the top layer, as one step of the undo history. */
  paint(title: string, draw: (drawing: OffscreenCanvasRenderingContext2D) => void): void {
    const top = this.layers.at(-1);
    if (!top) return;
    const drawing = drawingOf(top.image);
    drawing.translate(-top.x, -top.y);
    draw(drawing);
    const image = drawing.getImageData(0, 0, top.image.width, top.image.height);
    this.#change(title, [...this.layers.slice(0, -1), { ...top, image }]);
  }

  /** Paints all layers, with the document's corner at the drawing's origin. */
  render(drawing: OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D): void {
    for (const { image, x, y } of this.layers) drawing.drawImage(drawingOf(image).canvas, x, y);
  }

  /** Selects a part of the document; null selects nothing. */
  select(selection: Rect | null): void {
    this.selection = selection;
    this.#changed();
  }

  undo(): void {
    const step = this.#done.pop();
    if (!step) return;
    step.undo();
    this.#undone.push(step);
  }

  redo(): void {
    const step = this.#undone.pop();
    if (!step) return;
    step.redo();
    this.#done.push(step);
  }

  /** Calls `listener` after every change, until the function it gives back is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #change(title: string, after: readonly Layer[]): void {
    const before = this.layers;
    const set = (layers: readonly Layer[]) => () => {
      this.layers = layers;
      this.#changed();
    };
    const step = { title, redo: set(after), undo: set(before) };
    step.redo();
    this.#done.push(step);
    this.#undone.length = 0;
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A picture on a canvas of its own. */
function drawingOf(image: ImageData): OffscreenCanvasRenderingContext2D {
  const drawing = new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true });
  if (!drawing) throw new Error("No 2D canvas here.");
  drawing.putImageData(image, 0, 0);
  return drawing;
}
