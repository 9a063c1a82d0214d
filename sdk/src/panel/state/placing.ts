import { type Signal, signal } from "@preact/signals";
import { type Rect, UnderdrawError } from "@underdraw/engine/core";
import type { HostAdapter } from "../../host/adapter.ts";
import type { Drawn, Session } from "../../session/session.ts";
import type { Word } from "../words/en.ts";
import type { Values } from "../words/speak.ts";
import type { Cards } from "./cards.ts";
import { type Control, drawMap } from "./control.ts";
import { failureCard, isStop } from "./failure.ts";
import type { Result } from "./result-list.ts";
import type { Source } from "./source.ts";
import { withStructure } from "./structure.ts";

/** The longest side of a map that is put into the document, in pixels. */
const mapSide = 1024;

/** The most pixels that a map is scaled up to for a host of pixels: 256 MiB of them. */
const mostMapPixels = 8192 * 8192;

/** How much of a prompt names a step of the undo history, in characters. */
const longestTitle = 80;

/** What placing needs. */
export interface PlacingParts {
  readonly host: HostAdapter;
  readonly session: Pick<Session, "capture" | "scene" | "extract" | "place">;
  readonly source: Signal<Source | null>;
  readonly cards: Cards;
  /** Becomes false when a call finds the host gone. */
  readonly connected: Signal<boolean>;
  /** Gives a finished picture to the person as a file. */
  readonly save: (drawn: Drawn) => Promise<void>;
  readonly say: (word: Word, values?: Values) => string;
  /** Hears what is to be spoken. */
  readonly tell: (word: Word) => void;
}

/** Brings what was made out of the panel: into the document as layers, or to the person as a file. */
export class Placing {
  /** True while a result is being placed. */
  readonly applying: Signal<boolean> = signal(false);
  readonly #parts: PlacingParts;

  constructor(parts: PlacingParts) {
    this.#parts = parts;
  }

  /** Puts a result into the document as a layer. When that fails it is still here to be placed again or saved. */
  async apply(result: Result): Promise<void> {
    const { session, cards, say, tell } = this.#parts;
    if (this.applying.peek()) return;
    this.applying.value = true;
    cards.replace("apply", []);
    try {
      const prompt = [...result.drawn.request.prompt].slice(0, longestTitle).join("");
      const title = prompt === "" ? say("layer-title-plain") : say("layer-title", { prompt });
      result.layer.value = await session.place(result.drawn, { title });
      tell("said-applied");
    } catch (error) {
      const again = () => void this.apply(result);
      this.#failed(error, again, () => void this.save(result));
    } finally {
      this.applying.value = false;
    }
  }

  /** Gives a result to the person as a file. */
  async save({ drawn }: Result): Promise<void> {
    const { cards, save, tell } = this.#parts;
    try {
      await save(drawn);
      tell("said-saved");
    } catch (error) {
      if (!isStop(error)) cards.show(failureCard(error, "apply"));
    }
  }

  /** Puts the map of a control into the document as a layer of its own. */
  async putMap(control: Control): Promise<void> {
    const { host, session, source, cards, say, tell } = this.#parts;
    const shown = source.peek();
    if (!shown) return;
    cards.replace("apply", []);
    const offer = control.offer.peek();
    const name = say("map-layer", { name: offer.title ?? offer.kind.title });
    try {
      // Finer than the live map, whose size is for the eye.
      const seen = shown.kind === "selection" ? await session.capture({ maxSide: mapSide }) : shown.capture;
      if (!seen) return;
      const finer = await withStructure(session, [control], seen, {});
      const { bounds, anchor } = finer;
      if (host.exactSize && bounds.width * bounds.height > mostMapPixels) throw tooLarge(host, bounds);
      const { scaled } = await import("../../session/scale.ts");
      const { pixels } = await drawMap(session, control, finer, {});
      const size = host.exactSize ? ([bounds.width, bounds.height] as const) : ([pixels.width, pixels.height] as const);
      const layer = { name, pixels: await scaled(pixels, ...size), bounds };
      await host.place(name, [anchor === undefined ? layer : { ...layer, anchor }]);
      tell("map-placed");
    } catch (error) {
      this.#failed(error, () => void this.putMap(control));
    }
  }

  #failed(error: unknown, again: () => void, save?: () => void): void {
    if (isStop(error)) return;
    if (UnderdrawError.is(error, "bridge-closed")) this.#parts.connected.value = false;
    const card = failureCard(error, "apply", again);
    const remedies = [...(card.remedies ?? []), ...(save ? [{ word: "save", run: save } as const] : [])];
    this.#parts.cards.show({ ...card, remedies });
  }
}

function tooLarge({ name }: HostAdapter, { width, height }: Rect): UnderdrawError<"selection-unusable"> {
  const message = `A map of ${width} x ${height} pixels takes more memory than a page has. Select less.`;
  return new UnderdrawError("selection-unusable", message, { host: name, reason: "too-large" });
}
