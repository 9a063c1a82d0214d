import { type Signal, signal } from "@preact/signals";
import type { Capture, HostAdapter } from "../../host/adapter.ts";
import type { Session } from "../../session/session.ts";
import type { Card, Cards } from "./cards.ts";
import { failureCard, isStop } from "./failure.ts";

/** What is drawn after: the editor's selection, an example, or the place of a layer whose recipe is shown. */
export interface Source {
  readonly kind: "selection" | "example" | "recipe";
  /** What a person calls it; null where nobody said. */
  readonly name: string | null;
  readonly capture: Capture;
}

/** How long a selection that keeps changing must be quiet before it is read, in ms: the end of a gesture, not its middle. */
const quietMs = 150;

/** How soon a change after quiet is read, in ms: what a click selects comes as several changes of one frame. */
const soonMs = 16;

/** The longest side of what is read for the live map, in pixels. */
const previewSide = 512;

/** Below this many pixels a side there is nothing to see lines in. */
const thin = 8;

/** What a reader of the selection is made of. */
export interface SourceParts {
  readonly host: Pick<HostAdapter, "onSelectionChange">;
  readonly session: Pick<Session, "capture">;
  readonly cards: Cards;
}

/** Follows the editor's selection: reads it at the first change, and again when a gesture has ended, the latest alone. */
export class SourceReader {
  /** What is drawn after now. */
  readonly source: Signal<Source | null> = signal(null);
  readonly reading: Signal<boolean> = signal(false);
  /** False for an editor that does not tell of changes: then a person, or a look at the panel, asks. */
  readonly follows: boolean;
  readonly #parts: SourceParts;
  #stopping: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the latest change was told. */
  #told = Number.NEGATIVE_INFINITY;
  /** True while a read is about to begin that will see further changes too. */
  #isSoon = false;
  #forget: (() => void) | undefined;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.follows = parts.host.onSelectionChange !== undefined;
  }

  /** Begins to follow the selection. */
  watch(): void {
    this.#forget ??= this.#parts.host.onSelectionChange?.(() => this.#later());
  }

  #later(): void {
    const now = performance.now();
    const wait = now - this.#told < quietMs ? quietMs : soonMs;
    this.#told = now;
    if (this.#isSoon) return;
    clearTimeout(this.#timer);
    this.#isSoon = wait === soonMs;
    this.#timer = setTimeout(() => void this.refresh(), wait);
  }

  /** Reads the selection now. Never rejects: what goes wrong becomes a card. */
  async refresh(): Promise<void> {
    const { session, cards } = this.#parts;
    clearTimeout(this.#timer);
    this.#isSoon = false;
    this.#stopping?.abort();
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.reading.value = true;
    try {
      const capture = await session.capture({ maxSide: previewSide }, { signal: stopping.signal });
      if (stopping.signal.aborted) return;
      cards.replace("selection", capture ? thinCard(capture) : []);
      this.#take(capture);
    } catch (error) {
      if (isStop(error, stopping.signal)) return;
      if (this.source.value?.kind === "selection") this.source.value = null;
      cards.replace("selection", [failureCard(error, "selection", () => void this.refresh())]);
    } finally {
      if (this.#stopping === stopping) this.reading.value = false;
    }
  }

  #take(capture: Capture | null): void {
    const shown = this.source.value;
    if (capture) {
      // The layer whose recipe is shown stays shown by its recipe when it is the one selected.
      if (shown?.kind === "recipe" && capture.layer !== undefined && capture.layer === shown.capture.layer) return;
      this.source.value = { kind: "selection", name: capture.name ?? null, capture };
    } else if (shown?.kind === "selection") this.source.value = null;
  }

  /** Draws after something else until something is selected. */
  show(source: Source): void {
    this.#stopping?.abort();
    clearTimeout(this.#timer);
    this.#isSoon = false;
    this.reading.value = false;
    this.#parts.cards.replace("selection", []);
    this.source.value = source;
  }

  /** Follows no more. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#stopping?.abort();
    this.#forget?.();
    this.#forget = undefined;
  }
}

/** True for the same place of the document, read again. */
export function isSamePlace(one: Source, other: Source | null): boolean {
  if (!other || one.kind !== other.kind || one.name !== other.name) return false;
  const [a, b] = [one.capture.bounds, other.capture.bounds];
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

/** True for what has too few pixels to see lines in. */
export const isThin = ({ pixels: { width, height } }: Capture): boolean => Math.min(width, height) < thin;

function thinCard(capture: Capture): readonly Card[] {
  const { width, height } = capture.pixels;
  if (!isThin(capture)) return [];
  return [{ topic: "selection-thin", tone: "warn", place: "selection", values: { width, height } }];
}
