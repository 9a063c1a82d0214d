import { effect, type Signal, signal } from "@preact/signals";
import { type ConditionMap, checkMap } from "@underdraw/engine";
import type { Capture } from "../../host/adapter.ts";
import type { Session } from "../../session/session.ts";
import type { ControlKind } from "../options.ts";
import type { Card, Cards, Remedy } from "./cards.ts";
import { type Control, choseGround, createControl, drawMap, fitGround, otherGround, vanishes } from "./control.ts";
import { failureCard, isStop, warningCard } from "./failure.ts";
import { isThin, type Source } from "./source.ts";
import type { Strength } from "./strength.ts";

/** What a list of controls is made of. */
export interface ControlListParts {
  readonly offers: readonly ControlKind[];
  readonly session: Pick<Session, "extract">;
  readonly source: Signal<Source | null>;
  readonly cards: Cards;
}

/** A control as a recipe keeps it. */
export interface KeptControl {
  readonly condition: string;
  readonly net: string;
  readonly strength: Strength;
  readonly map: ConditionMap;
}

/** The controls, and their live maps: each is drawn anew when what it depends on changes, the latest alone. */
export class ControlList {
  readonly list: Signal<readonly Control[]> = signal([]);
  readonly #parts: ControlListParts;
  /** How each control's watching ends. */
  readonly #ends = new Map<Control, () => void>();
  /** What is to be said of each control's map. */
  readonly #said = new Map<Control, readonly Card[]>();

  constructor(parts: ControlListParts) {
    this.#parts = parts;
    const [first] = parts.offers;
    if (first) this.add(first);
  }

  /** Adds a control of a kind. */
  add(offer: ControlKind): Control {
    const control = createControl(offer);
    this.#join(control);
    return control;
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
    for (const { condition, net, strength, map } of kept) {
      const fitting = this.#parts.offers.filter(({ kind }) => kind.id === condition);
      const offer = fitting.find((one) => one.net === net) ?? fitting[0];
      if (!offer) {
        isWhole = false;
        continue;
      }
      const control = createControl(offer);
      control.strength.value = strength;
      const { nets, convention } = offer.kind;
      control.kept.value = { nets, background: convention.background, ...map };
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
      const { chosen, inverted, kept } = control;
      void [chosen.value, inverted.value, kept.value]; // what the map depends on
      const isOn = control.on.value;
      stopping?.abort();
      if (source && source.kind !== "recipe" && kept.peek()) kept.value = null;
      if (!source) control.map.value = null;
      if (!source || !isOn) {
        this.#say(control, []);
        return;
      }
      stopping = new AbortController();
      void this.#draw(control, source, stopping.signal);
    });
    this.#ends.set(control, () => {
      end();
      stopping?.abort();
    });
  }

  async #draw(control: Control, { capture }: Source, signal: AbortSignal): Promise<void> {
    // What is read and written here must not be what the effect above depends on.
    await Promise.resolve();
    if (signal.aborted) return;
    try {
      fitGround(control, capture.pixels);
      const map = await drawMap(this.#parts.session, control, capture, { signal });
      if (signal.aborted) return;
      control.map.value = map;
      this.#say(control, this.#looked(control, capture));
    } catch (error) {
      if (isStop(error, signal)) return;
      control.map.value = null;
      this.#say(control, [failureCard(error, "map")]);
    }
  }

  /** What is wrong with a control's map, and what can be done. */
  #looked(control: Control, capture: Capture): readonly Card[] {
    const map = control.map.peek();
    const { values, polarity } = control.offer.kind.convention;
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
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }
}
