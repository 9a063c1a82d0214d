import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type ConditionMap, checkMap } from "@underdraw/engine";
import type { Scene } from "@underdraw/engine/core";
import type { DocumentCapture, Session } from "../../session/session.ts";
import type { Card, Cards, Remedy } from "./cards.ts";
import {
  type Control,
  changeKind,
  choseGround,
  createControl,
  drawMap,
  fitGround,
  isChanged,
  otherGround,
  type Steering,
  vanishes,
} from "./control.ts";
import { failureCard, isStop, warningCard } from "./failure.ts";
import { isDrawing, isUsable, type Offer, originOf } from "./offers.ts";
import { isThin, type Source } from "./source.ts";
import type { Strength } from "./strength.ts";
import { readsDocument, type StructureReader } from "./structure.ts";

/** What a list of controls is made of. */
export interface ControlListParts {
  readonly offers: readonly Offer[];
  /** True to let the first control follow what is selected: the document's lines for a drawing, the picture's for a picture. */
  readonly follows: boolean;
  readonly session: Pick<Session, "extract">;
  readonly source: Signal<Source | null>;
  readonly structure: Pick<StructureReader, "of" | "reason">;
  readonly cards: Cards;
}

/** A control as a recipe keeps it. */
export interface KeptControl {
  readonly map: ConditionMap;
  readonly net?: string;
  readonly strength: Strength;
  readonly steering: Steering;
}

/** The controls, and their live maps: each is drawn anew when what it depends on changes, the latest alone. */
export class ControlList {
  readonly list: Signal<readonly Control[]> = signal([]);
  readonly #parts: ControlListParts;
  /** How each control's watching ends. */
  readonly #ends = new Map<Control, () => void>();
  /** What is to be said of each control's map. */
  readonly #said = new Map<Control, readonly Card[]>();

  /** The control whose kind follows what is selected, until a person chooses; null then. */
  readonly #following: Signal<Control | null> = signal(null);
  /** What of the document's structure is asked for: maps of it, or whether there is a drawing at all. */
  readonly wanted: ReadonlySignal<"maps" | "kind" | "nothing"> = computed(() => {
    if (this.list.value.some((control) => control.on.value && readsDocument(control))) return "maps";
    return this.#following.value === null ? "nothing" : "kind";
  });
  readonly #unfollow: () => void;

  constructor(parts: ControlListParts) {
    this.#parts = parts;
    const usable = parts.offers.filter(isUsable);
    const [drawn, seen] = [
      usable.find((offer) => originOf(offer) === "document"),
      usable.find((offer) => originOf(offer) === "picture"),
    ];
    const first = parts.follows ? (seen ?? drawn) : (usable[0] ?? parts.offers[0]);
    if (first) this.add(first);
    if (parts.follows && seen && drawn) this.#following.value = this.list.peek()[0] ?? null;
    this.#unfollow = effect(() => this.#follow(drawn, seen));
  }

  /** Makes the following control one of the kind that what is selected calls for. */
  #follow(drawn: Offer | undefined, seen: Offer | undefined): void {
    const control = this.#following.value;
    if (!control || !drawn || !seen) return;
    if (isChanged(control) || control.kept.value || !this.list.value.includes(control)) {
      this.#following.value = null;
      return;
    }
    const source = this.#parts.source.value;
    const scene = source ? this.#parts.structure.of(source) : undefined;
    if (scene === undefined) return;
    const wanted = scene && isDrawing(scene) ? drawn : seen;
    if (control.offer.peek() !== wanted) changeKind(control, wanted);
  }

  /** Adds a control of a kind. */
  add(offer: Offer): Control {
    const control = createControl(offer);
    this.#join(control);
    return control;
  }

  /** Makes a control one of another kind, as a person chose. */
  change(control: Control, offer: Offer): void {
    if (this.#following.peek() === control) this.#following.value = null;
    if (control.offer.peek() !== offer) changeKind(control, offer);
  }

  /** Takes a control away. */
  remove(control: Control): void {
    this.#ends.get(control)?.();
    this.#ends.delete(control);
    this.#say(control, []);
    this.list.value = this.list.peek().filter((one) => one !== control);
  }

  /** Makes these the controls, with the maps that came with them. False when a condition of theirs is not offered. */
  take(kept: readonly KeptControl[]): boolean {
    for (const control of this.list.peek()) this.remove(control);
    let isWhole = true;
    for (const { net, strength, steering, map } of kept) {
      const fitting = this.#parts.offers.filter(({ kind }) => kind.id === map.condition);
      const offer = fitting.find((one) => one.net === net) ?? fitting[0];
      if (!offer) {
        isWhole = false;
        continue;
      }
      const control = createControl(offer);
      control.strength.value = strength;
      const { nets, convention } = offer.kind;
      control.kept.value = { map: { nets, background: convention.background, ...map }, steering };
      this.#join(control);
    }
    return isWhole;
  }

  #join(control: Control): void {
    this.list.value = [...this.list.peek(), control];
    this.#watch(control);
  }

  #watch(control: Control): void {
    let stopping: AbortController | null = null;
    const end = effect(() => {
      const source = this.#parts.source.value;
      const { chosen, inverted, kept, offer } = control;
      void [chosen.value, inverted.value, kept.value, offer.value]; // what the map depends on
      const scene = source && readsDocument(control) ? this.#parts.structure.of(source) : null;
      const isOn = control.on.value;
      stopping?.abort();
      if (source && source.kind !== "recipe" && kept.peek()) kept.value = null;
      if (!source) control.map.value = null;
      if (!source || !isOn) {
        this.#say(control, []);
        return;
      }
      if (scene === undefined) return; // it will be known in a moment
      stopping = new AbortController();
      void this.#draw(control, source, scene, stopping.signal);
    });
    this.#ends.set(control, () => {
      end();
      stopping?.abort();
    });
  }

  async #draw(control: Control, source: Source, scene: Scene | null, signal: AbortSignal): Promise<void> {
    // What is read and written here must not be what the effect above depends on.
    await Promise.resolve();
    if (signal.aborted) return;
    if (readsDocument(control) && (scene === null || scene.shapes.length === 0)) {
      control.map.value = null;
      this.#say(control, [this.#shapeless(control, source)]);
      return;
    }
    try {
      const { capture } = source;
      const seen = scene ? { ...capture, scene } : capture;
      if (!scene) fitGround(control, capture.pixels);
      const map = await drawMap(this.#parts.session, control, seen, { signal });
      if (signal.aborted) return;
      control.map.value = map;
      this.#say(control, this.#looked(control, seen));
    } catch (error) {
      if (isStop(error, signal)) return;
      control.map.value = null;
      this.#say(control, [failureCard(error, "map")]);
    }
  }

  /** What to tell where a control reads the document, and there is nothing of it to read. */
  #shapeless(control: Control, source: Source): Card {
    const seen = this.#parts.offers.find((offer) => isUsable(offer) && originOf(offer) === "picture");
    const run = () => seen && this.change(control, seen);
    const detail = this.#parts.structure.reason(source);
    return {
      topic: "scene-absent",
      tone: "warn",
      place: "map",
      remedies: seen ? [{ word: "from-picture", run }] : [],
      ...(detail === undefined ? {} : { detail }),
    };
  }

  /** What is wrong with a control's map, and what can be done. */
  #looked(control: Control, capture: DocumentCapture): readonly Card[] {
    const map = control.map.peek();
    const { values, polarity } = control.offer.peek().kind.convention;
    if (isThin(capture)) return []; // that is told already
    if (!map || polarity !== "white-on-black" || (values !== "binary" && values !== "soft")) return [];
    if (choseGround(control) && vanishes(control, capture.pixels)) {
      const run = () => {
        control.chosen.value = { ...control.chosen.value, ...otherGround(control) };
      };
      return [{ topic: "source-vanishes", tone: "warn", place: "map", remedies: [{ word: "other-ground", run }] }];
    }
    return checkMap(map.pixels, "lines").map((warning) => ({
      ...warningCard(warning, "map"),
      remedies: this.#remedies(control, warning.code),
    }));
  }

  #remedies(control: Control, code: string): readonly Remedy[] {
    const invertIt = () => {
      control.inverted.value = !control.inverted.value;
    };
    const openIt = () => {
      control.open.value = true;
    };
    if (code === "map-inverted" || code === "map-dark-on-transparent") return [{ word: "invert", run: invertIt }];
    return code === "map-empty" ? [{ word: "open-control", run: openIt }] : [];
  }

  #say(control: Control, cards: readonly Card[]): void {
    if (cards.length === 0) this.#said.delete(control);
    else this.#said.set(control, cards);
    this.#parts.cards.replace("map", [...this.#said.values()].flat());
  }

  /** Ends the watching. */
  dispose(): void {
    this.#unfollow();
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }
}
