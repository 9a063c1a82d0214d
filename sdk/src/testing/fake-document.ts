import { createPixels, type Pixels, type Rect } from "@underdraw/engine/core";
import { masked } from "../session/mask.ts";
import { cutOut, layOver } from "./raster.ts";

/** A layer of a fake document, in the size of its bounds. */
export interface FakeLayer {
  readonly id: string;
  readonly name: string;
  readonly bounds: Rect;
  readonly pixels: Pixels;
  readonly mask?: Pixels;
  readonly recipe?: string;
  readonly hidden: boolean;
}

/** What a document holds at a moment. Nothing in it is ever changed: a change makes another state. */
export interface FakeState {
  /** The lowest first. */
  readonly layers: readonly FakeLayer[];
  /** The ids of the selected layers. */
  readonly chosen: readonly string[];
  /** The selected area, which counts before the selected layers. */
  readonly area?: { readonly box: Rect; readonly mask: Pixels };
}

interface Step {
  readonly title: string;
  readonly before: FakeState;
}

/** A document in memory with its history. */
export class FakeDocument {
  /** Which document is in front; each that is opened has another number. */
  number = 0;
  now: FakeState = { layers: [], chosen: [] };
  #done: Step[] = [];
  #undone: Step[] = [];
  #ids = 0;

  /** Opens an empty document in place of this one. */
  open(): void {
    this.number++;
    this.now = { layers: [], chosen: [] };
    this.#done = [];
    this.#undone = [];
  }

  /** An id that no layer had. */
  newId(): string {
    return `layer-${++this.#ids}`;
  }

  /** Makes a change that can be undone. */
  step(title: string, state: FakeState): void {
    this.#done.push({ title, before: this.now });
    this.#undone = [];
    this.now = state;
  }

  /** Selects something else, which is no step of the history. */
  select(selection: Omit<FakeState, "layers">): void {
    this.now = { layers: this.now.layers, ...selection };
  }

  /** Takes the newest step back; false when there is none. */
  undo(): boolean {
    const step = this.#done.pop();
    if (!step) return false;
    this.#undone.push({ ...step, before: this.now });
    this.now = step.before;
    return true;
  }

  /** Does again what was taken back last; false when there is nothing. */
  redo(): boolean {
    const step = this.#undone.pop();
    if (!step) return false;
    this.#done.push({ ...step, before: this.now });
    this.now = step.before;
    return true;
  }

  /** The titles of the steps that can be undone, the newest last. */
  steps(): readonly string[] {
    return this.#done.map(({ title }) => title);
  }

  /** Everything that would be saved, as text. */
  snapshot(): string {
    const bytes = (pixels: Pixels | undefined) => pixels && [pixels.width, pixels.height, hex(pixels.data)];
    return JSON.stringify(
      this.now.layers.map((layer) => ({ ...layer, pixels: bytes(layer.pixels), mask: bytes(layer.mask) })),
    );
  }

  /** What layers look like in an area, laid over each other on transparent ground. */
  drawn(layers: readonly FakeLayer[], area: Rect): Pixels {
    const ground = createPixels(area.width, area.height);
    for (const { pixels, mask, bounds } of layers)
      layOver(ground, cutOut(mask ? masked(pixels, mask) : pixels, bounds, area));
    return ground;
  }
}

const hex = (data: Uint8ClampedArray): string =>
  Array.from(data, (value) => value.toString(16).padStart(2, "0")).join("");
