import type { Rect } from "@underdraw/engine/core";

// A small paint program, to have something to bring Underdraw to: layers as canvases, a rectangle as selection, undo as a
// list of what to do and how to take it back. It knows nothing of Underdraw.

/** One layer of the document. */
export interface Layer {
  readonly id: string;
  readonly name: string;
  /** The size of the document. */
  readonly canvas: OffscreenCanvas;
  /** Whatever a plugin keeps with the layer. */
  readonly notes: Map<string, string>;
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
    this.layers = [this.createLayer("Paper")];
  }

  /** A new empty layer, which is in no document yet. */
  createLayer(name: string): Layer {
    return {
      id: `layer-${this.#next++}`,
      name,
      canvas: new OffscreenCanvas(this.width, this.height),
      notes: new Map(),
    };
  }

  /** Puts layers on top, or directly above the layer `above`, as one step of the undo history. */
  insert(title: string, layers: readonly Layer[], above?: string): void {
    const at = this.layers.findIndex(({ id }) => id === above) + 1 || this.layers.length;
    const before = this.layers;
    const after = [...before.slice(0, at), ...layers, ...before.slice(at)];
    this.#step({ title, redo: () => this.#set(after), undo: () => this.#set(before) });
  }

  /** Paints on the top layer, as one step of the undo history. */
  paint(title: string, draw: (drawing: OffscreenCanvasRenderingContext2D) => void): void {
    const layer = this.layers.at(-1);
    const drawing = layer?.canvas.getContext("2d");
    if (!drawing) return;
    const before = drawing.getImageData(0, 0, this.width, this.height);
    draw(drawing);
    const after = drawing.getImageData(0, 0, this.width, this.height);
    const put = (image: ImageData) => () => {
      drawing.putImageData(image, 0, 0);
      this.#changed();
    };
    this.#step({ title, redo: put(after), undo: put(before) });
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

  #step(step: Step): void {
    step.redo();
    this.#done.push(step);
    this.#undone.length = 0;
  }

  #set(layers: readonly Layer[]): void {
    this.layers = layers;
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
