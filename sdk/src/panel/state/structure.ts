import { type Signal, signal } from "@preact/signals";
import type { CallOptions } from "@underdraw/engine";
import type { Scene } from "@underdraw/engine/core";
import type { Capture, HostAdapter } from "../../host/adapter.ts";
import type { DocumentCapture, Session } from "../../session/session.ts";
import type { Control } from "./control.ts";
import { isStop } from "./failure.ts";
import { isDrawing } from "./offers.ts";
import { isSamePlace, type Source } from "./source.ts";

/** What a reader of structure is made of. */
export interface StructureParts {
  readonly host: Pick<HostAdapter, "scene">;
  readonly session: Pick<Session, "scene">;
}

/** What was found of a source. */
interface Found {
  readonly source: Source;
  /** Null while it is read, where there is none, and where it cannot be read. */
  readonly scene: Scene | null;
  readonly done: boolean;
  /** Why it could not be read. */
  readonly reason?: string;
  /** True for what was found of the same place before: good enough to tell a drawing from a picture. */
  readonly isOlder?: boolean;
}

/** Reads the structure of what is drawn after, once for each source, when somebody wants it. */
export class StructureReader {
  /** False for an editor that tells no structure. */
  readonly tells: boolean;
  readonly #parts: StructureParts;
  readonly #found: Signal<Found | null> = signal(null);
  #stopping: AbortController | null = null;

  constructor(parts: StructureParts) {
    this.#parts = parts;
    this.tells = parts.host.scene !== undefined;
  }

  /** The structure of a source; null where there is none, undefined until it is known. */
  of(source: Source): Scene | null | undefined {
    if (!this.tells || source.kind !== "selection") return null;
    const found = this.#found.value;
    return found?.source === source && found.done ? found.scene : undefined;
  }

  /** Why there is no structure of a source, where it could not be read. */
  reason(source: Source): string | undefined {
    const found = this.#found.peek();
    return found?.source === source ? found.reason : undefined;
  }

  /**
   * Reads the structure of a source, unless that was begun. Never rejects. `onlyKind`: what is asked is whether it is a
   * drawing; a place that was none is taken to be none still, since a painter's every stroke would be waited for.
   */
  async read(source: Source, { onlyKind = false } = {}): Promise<void> {
    if (!this.tells || source.kind !== "selection") return;
    const before = this.#found.peek();
    if (before?.source === source && (onlyKind || before.isOlder !== true)) return;
    if (onlyKind && before?.done && isSamePlace(source, before.source) && !(before.scene && isDrawing(before.scene))) {
      this.#found.value = { ...before, source, isOlder: true };
      return;
    }
    this.#stopping?.abort();
    const stopping = new AbortController();
    const { signal } = stopping;
    this.#stopping = stopping;
    this.#found.value = { source, scene: null, done: false };
    try {
      const scene = await this.#parts.session.scene(source.capture, { signal });
      if (!signal.aborted) this.#found.value = { source, scene, done: true };
    } catch (error) {
      if (isStop(error, signal)) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#found.value = { source, scene: null, done: true, reason };
    }
  }

  /** Stops what is read. */
  dispose(): void {
    this.#stopping?.abort();
  }
}

/** True for a control whose map is drawn from the document. */
export const readsDocument = ({ offer, kept }: Control): boolean =>
  offer.value.kind.reads === "scene" && kept.value === null;

/** A capture with its structure, where one of these controls reads it. */
export async function withStructure(
  session: Pick<Session, "scene">,
  controls: readonly Control[],
  capture: Capture,
  call: CallOptions,
): Promise<DocumentCapture> {
  if (!controls.some(readsDocument)) return capture;
  const scene = await session.scene(capture, call.signal ? { signal: call.signal } : {});
  return scene ? { ...capture, scene } : capture;
}
