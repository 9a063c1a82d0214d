import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Device, EngineLike, Pipeline } from "@underdraw/engine";
import type { Pixels } from "@underdraw/engine/core";
import type { HostAdapter } from "../../host/adapter.ts";
import type { Drawn, Session } from "../../session/session.ts";
import type { Example, Lack, Vocabulary } from "../options.ts";
import type { Word } from "../words/en.ts";
import type { Values } from "../words/speak.ts";
import { type Card, type Cards, createCards } from "./cards.ts";
import { ControlList } from "./control-list.ts";
import { failureCard, isStop } from "./failure.ts";
import { Generation, type GenerationParts } from "./generation.ts";
import { createHero, type Hero } from "./hero.ts";
import type { Offer } from "./offers.ts";
import { Placing, type PlacingParts } from "./placing.ts";
import { createPrompt, type Prompt } from "./prompt.ts";
import { Redraw } from "./redraw.ts";
import { createResultList, type Result, type ResultList } from "./result-list.ts";
import { createSettings, type Settings } from "./settings.ts";
import { isSamePlace, type Source, SourceReader } from "./source.ts";
import { StructureReader } from "./structure.ts";

// Everything that the Draw screen knows and does, without a page: signals and calls. Components show it and call it, tests
// run it in Node. It speaks no language: what is to be told is a word's key with its values, or a card. What goes wrong
// becomes a card here and never a rejection; what was finished stays whatever happens to host and worker.

/** What the Draw screen is made of. */
export interface DrawScreenParts {
  readonly host: HostAdapter;
  readonly session: Pick<
    Session,
    "capture" | "scene" | "extract" | "generate" | "place" | "recipe" | "replay" | "pipeline"
  >;
  readonly engine: Pick<EngineLike, "device">;
  /** The kinds of control that there are; the first that can be used is there from the start. */
  readonly offers: readonly Offer[];
  /** True to let that first control follow what is selected, a drawing or a picture, until a person chooses. */
  readonly follows?: boolean;
  readonly vocabulary?: Vocabulary;
  readonly notices?: readonly Lack[];
  /** The bytes of finished pictures that are kept at most. */
  readonly resultBytes: number;
  /** A text of the panel, for what is named in the document. */
  readonly say: (word: Word, values?: Values) => string;
  /** Reads the picture of an example. */
  readonly read: (address: string | URL) => Promise<Pixels>;
  /** Gives a finished picture to the person as a file. */
  readonly save: (drawn: Drawn) => Promise<void>;
}

/** Something to be spoken: a word with its values, or a card. */
export type Said = { readonly word: Word; readonly values?: Values } | { readonly card: Card };

/** The Draw screen's state, from mounting to disposing. */
export class DrawScreen {
  readonly offers: readonly Offer[];
  readonly vocabulary: Vocabulary | undefined;
  readonly cards: Cards;
  readonly reader: SourceReader;
  readonly structure: StructureReader;
  readonly controls: ControlList;
  readonly prompt: Prompt;
  readonly settings: Settings = createSettings();
  readonly results: ResultList;
  readonly generation: Generation;
  readonly redraw: Redraw;
  readonly placing: Placing;
  readonly hero: Hero;
  /** False once the host is gone. */
  readonly connected: Signal<boolean> = signal(true);
  /** The device that computes; null while it is not known, "none" when none opened. */
  readonly device: Signal<Device | "none" | null> = signal(null);
  /** What is to be spoken now. */
  readonly said: Signal<Said | null> = signal(null);
  /** Why nothing can be generated now; null when it can. */
  readonly reason: ReadonlySignal<Word | null>;
  readonly #parts: DrawScreenParts;
  /** What is loaded: it counts tokens. */
  readonly #pipeline: Signal<Pipeline | null> = signal(null);
  readonly #ends: readonly (() => void)[];
  /** The prompt of the example that was tried last. */
  #examplePrompt = "";

  constructor(parts: DrawScreenParts) {
    const { host, session, offers, vocabulary } = parts;
    this.#parts = parts;
    this.offers = offers;
    this.vocabulary = vocabulary;
    this.cards = createCards((card) => {
      this.said.value = { card };
    });
    const { cards, settings, connected } = this;
    this.reader = new SourceReader({ host, session, cards });
    const { source } = this.reader;
    this.structure = new StructureReader({ host, session });
    const { structure } = this;
    this.controls = new ControlList({ offers, follows: parts.follows ?? false, session, source, structure, cards });
    this.prompt = createPrompt(vocabulary, this.#pipeline);
    this.results = createResultList(parts.resultBytes);
    const [controls, prompt, results] = [this.controls.list, this.prompt.text, this.results];
    const onEnd: GenerationParts["onEnd"] = (finished, how) => this.#ended(finished, how);
    this.generation = new Generation({
      ...{ session, source, structure, controls, prompt, settings, offers, results, cards, connected },
      onEnd,
    });
    this.redraw = new Redraw({ session, reader: this.reader, controls: this.controls, prompt, settings, cards });
    const tell: PlacingParts["tell"] = (word) => {
      this.said.value = { word };
    };
    const { save, say } = parts;
    this.placing = new Placing({ host, session, source, cards, connected, save, say, tell });
    this.hero = createHero(source, controls, results.chosen);
    this.reason = computed(() => {
      if (settings.badSeed.value) return "bad-seed";
      return source.value === null ? "reason-nothing" : null;
    });
    for (const lack of parts.notices ?? []) {
      if (lack === "host-lost") this.hostLost("");
      else cards.show({ topic: lack, tone: "warn", place: "health" });
    }
    this.#ends = [this.#tellProgress(), this.#tellOffers(), this.#showNewSelection(), this.#readStructure()];
  }

  /** Follows the selection, reads it, and asks which device computes. */
  async start(layer?: string): Promise<void> {
    this.reader.watch();
    const first = layer === undefined ? this.#look() : this.showLayer(layer);
    await Promise.all([first, this.#ask()]);
  }

  /** Reads the selection again, where there is a host. */
  async #look(): Promise<void> {
    if (this.connected.peek()) await this.reader.refresh();
  }

  async #ask(): Promise<void> {
    const others = () =>
      this.cards.shown.peek().filter(({ place, topic }) => place === "health" && topic !== "webgpu-missing");
    try {
      const device = await this.#parts.engine.device();
      this.device.value = device;
      const detail = device.fallback;
      const missing =
        detail === null ? [] : [{ topic: "webgpu-missing", tone: "warn", place: "health", detail } as const];
      this.cards.replace("health", [...others(), ...missing]);
    } catch (error) {
      this.device.value = "none";
      if (!isStop(error)) this.cards.show(failureCard(error, "health", () => void this.#ask()));
    }
  }

  #ended(finished: number, how: "done" | "stopped" | "failed"): void {
    if (finished > 0) this.hero.asked.value = "compare";
    // A failure is told by its card.
    if (how === "done") this.said.value = { word: "said-done", values: { n: finished } };
    if (how === "stopped") this.said.value = { word: "said-stopped" };
  }

  /** A new selection shows its map, unless it is the same place read again or the layer that was just placed. */
  #showNewSelection(): () => void {
    let before: Source | null = null;
    return effect(() => {
      const now = this.reader.source.value;
      const placed = this.results.chosen.peek()?.layer.peek() ?? null;
      if (now && !isSamePlace(now, before) && (placed === null || now.capture.layer !== placed)) {
        this.hero.asked.value = "map";
      }
      if (now) before = now;
    });
  }

  /** Reads the document's structure while a control wants it. */
  #readStructure(): () => void {
    return effect(() => {
      const source = this.reader.source.value;
      const wanted = this.controls.wanted.value;
      if (source && wanted !== "nothing") void this.structure.read(source, { onlyKind: wanted === "kind" });
    });
  }

  /** Speaks how much there is to choose from, when that changes. */
  #tellOffers(): () => void {
    let told = 0;
    return effect(() => {
      const n = this.prompt.offered.value.length;
      if (n > 0 && n !== told) this.said.value = { word: "suggestions-count", values: { n } };
      told = n;
    });
  }

  /** Speaks at the start and at each quarter; the end is told by what it is. */
  #tellProgress(): () => void {
    let told = -1;
    return effect(() => {
      const working = this.generation.job.working.value;
      this.#pipeline.value = this.#parts.session.pipeline;
      const quarter = working ? Math.min(3, Math.floor(working.fraction * 4)) : -1;
      if (quarter > told) {
        this.said.value =
          quarter === 0 ? { word: "said-started" } : { word: "said-percent", values: { n: 25 * quarter } };
      }
      told = quarter;
    });
  }

  /** Draws what the prompt says after what is selected; looks once more where nothing seemed to be. */
  async generate(): Promise<void> {
    if (this.generation.job.working.peek()) return;
    if (this.reason.peek() === "reason-nothing") await this.#look();
    const reason = this.reason.peek();
    if (reason === null) return this.generation.generate();
    this.said.value = { word: reason };
    if (reason === "reason-nothing" && this.cards.shown.peek().every(({ place }) => place !== "selection")) {
      this.cards.show({ topic: "nothing-selected", tone: "warn", place: "selection" });
    }
  }

  /** Looks at a result. */
  choose(result: Result): void {
    this.results.choose(result);
    if (this.hero.asked.peek() !== "result") this.hero.asked.value = "compare";
  }

  /** Draws after an example until something is selected. */
  async tryExample({ name, prompt, picture }: Example): Promise<void> {
    try {
      const pixels = await this.#parts.read(picture);
      const bounds = { x: 0, y: 0, width: pixels.width, height: pixels.height };
      this.reader.show({ kind: "example", name, capture: { pixels, bounds, name } });
      // What a person wrote stays; what another example wrote goes.
      const written = this.prompt.text.peek();
      if (written.trim() === "" || written === this.#examplePrompt) this.prompt.text.value = prompt;
      this.#examplePrompt = prompt;
    } catch (error) {
      this.cards.show(failureCard(error, "selection"));
    }
  }

  /** Shows the recipe of a placed layer. */
  async showLayer(layerId: string): Promise<void> {
    await this.redraw.show(layerId);
  }

  /** Shows what the recipe of a layer says, and draws it again. */
  async redrawLayer(layerId: string): Promise<void> {
    const recipe = await this.redraw.show(layerId);
    if (recipe !== null) await this.generation.replay(recipe);
  }

  /** The host is gone: what is finished stays, and can be saved. */
  hostLost(reason: string): void {
    this.connected.value = false;
    this.cards.show({ topic: "host-lost", tone: "bad", place: "host", ...(reason === "" ? {} : { detail: reason }) });
  }

  /** Stops what runs and listens no more. */
  dispose(): void {
    this.generation.job.stop();
    for (const end of this.#ends) end();
    this.prompt.dispose();
    this.controls.dispose();
    this.reader.dispose();
    this.structure.dispose();
    this.redraw.dispose();
  }
}
