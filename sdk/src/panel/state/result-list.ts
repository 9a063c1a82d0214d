import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Pixels } from "@underdraw/engine/core";
import type { Capture } from "../../host/adapter.ts";
import type { Drawn } from "../../session/session.ts";

/** A finished picture. */
export interface Result {
  /** Counted from 1 since the panel was mounted. */
  readonly number: number;
  readonly drawn: Drawn;
  /** What it was drawn after, for more like it. */
  readonly capture: Capture;
  /** The id of the layer that it was last placed as; null before. */
  readonly layer: Signal<string | null>;
}

/** The finished pictures, kept in memory: whatever happens to host and worker, they stay. */
export interface ResultList {
  /** The newest first. */
  readonly list: ReadonlySignal<readonly Result[]>;
  /** The one that is looked at. */
  readonly chosen: ReadonlySignal<Result | null>;
  /** Adds a picture and looks at it. Gives how many of the oldest were let go for it. */
  add(drawn: Drawn, capture: Capture): number;
  /** Looks at another. */
  choose(result: Result): void;
}

/** Makes an empty list that keeps `cap` bytes of pixels at most. The newest picture is kept whatever its size. */
export function createResultList(cap: number): ResultList {
  const list = signal<readonly Result[]>([]);
  const chosenNumber = signal(0);
  let made = 0;
  return {
    list,
    chosen: computed(() => list.value.find(({ number }) => number === chosenNumber.value) ?? null),
    add(drawn, capture) {
      const result: Result = { number: ++made, drawn, capture, layer: signal(null) };
      const all = [result, ...list.value];
      let kept = all.length;
      while (kept > 1 && bytesOf(all.slice(0, kept)) > cap) kept--;
      list.value = all.slice(0, kept);
      chosenNumber.value = result.number;
      return all.length - kept;
    },
    choose(result) {
      chosenNumber.value = result.number;
    },
  };
}

/** The bytes that results hold; what several share counts once. */
function bytesOf(results: readonly Result[]): number {
  const buffers = new Set<ArrayBufferLike>();
  const texts = results.reduce((sum, { drawn }) => sum + 2 * drawn.recipe.length, 0);
  const add = (pixels: Pixels | undefined) => pixels && buffers.add(pixels.data.buffer);
  for (const { drawn, capture } of results) {
    for (const pixels of [drawn.pixels, drawn.mask, drawn.result.pixels, capture.pixels, capture.mask]) add(pixels);
    const { controls, init } = drawn.request;
    for (const pixels of [init?.picture, init?.mask]) add(pixels);
    for (const { map, mask } of controls) for (const pixels of [map.pixels, mask]) add(pixels);
  }
  return texts + [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
