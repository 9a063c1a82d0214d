import { type Signal, untracked } from "@preact/signals";
import type { CallOptions, ConditionMap, Warning } from "@underdraw/engine";
import type { Capture } from "../../host/adapter.ts";
import { notesOf } from "../../session/map-notes.ts";
import type { DocumentCapture, DrawControl, Drawn, DrawRequest, Session } from "../../session/session.ts";
import type { Card, Cards } from "./cards.ts";
import { type Control, requestOf } from "./control.ts";
import { failureCard, isStop, warningCard } from "./failure.ts";
import { Job } from "./job.ts";
import type { Offer } from "./offers.ts";
import { remediesOf } from "./remedies.ts";
import type { Result, ResultList } from "./result-list.ts";
import { type Settings, seedOf } from "./settings.ts";
import type { Source } from "./source.ts";
import { readsDocument, type StructureReader, withStructure } from "./structure.ts";

/** What a generation is made of. */
export interface GenerationParts {
  readonly session: Pick<Session, "capture" | "scene" | "extract" | "generate" | "replay">;
  readonly source: Signal<Source | null>;
  readonly structure: Pick<StructureReader, "of">;
  readonly controls: Signal<readonly Control[]>;
  readonly prompt: Signal<string>;
  readonly settings: Settings;
  /** What a control can be made of. */
  readonly offers: readonly Offer[];
  readonly results: ResultList;
  readonly cards: Cards;
  readonly connected: Signal<boolean>;
  /** Hears how a job ended, and how many pictures were finished. */
  readonly onEnd: (finished: number, how: "done" | "stopped" | "failed") => void;
}

/** One picture of a job. */
type Part = (
  n: number,
  call: CallOptions & { readonly signal: AbortSignal },
) => Promise<{ readonly drawn: Drawn; readonly capture: Capture }>;

/** Makes pictures: new ones, more like one, one again from its recipe. Each finished picture is kept at once. */
export class Generation {
  readonly job: Job = new Job();
  readonly #parts: GenerationParts;

  constructor(parts: GenerationParts) {
    this.#parts = parts;
  }

  /** Draws what the prompt says after what is selected. */
  async generate(): Promise<void> {
    const { session, settings, controls } = this.#parts;
    const on = controls.peek().filter((control) => control.on.peek());
    let prepared: Promise<{ readonly capture: Capture; readonly request: DrawRequest }> | null = null;
    const part: Part = async (n, call) => {
      prepared ??= this.#prepare(on, call);
      const { capture, request } = await prepared;
      const seed = seedOf(settings, n);
      return {
        drawn: await session.generate({ ...request, ...(seed === undefined ? {} : { seed }) }, capture, call),
        capture,
      };
    };
    await this.#work(settings.count.peek(), part, { on, again: () => void this.generate() });
  }

  async #prepare(on: readonly Control[], call: CallOptions): Promise<{ capture: Capture; request: DrawRequest }> {
    const { session, settings, prompt } = this.#parts;
    this.job.capturing();
    const capture = await this.#capture(on, call);
    if (!capture.scene && on.some(readsDocument)) throw new NoShapes();
    const controls: DrawControl[] = [];
    for (const control of on) controls.push(await requestOf(session, control, capture, call));
    const [negativePrompt, steps, guidance] = [
      settings.negative.peek().trim(),
      settings.steps.peek(),
      settings.guidance.peek(),
    ];
    return {
      capture,
      request: {
        prompt: prompt.peek().trim(),
        controls,
        ...(negativePrompt === "" ? {} : { negativePrompt }),
        ...(steps === null ? {} : { steps }),
        ...(guidance === null ? {} : { guidance }),
      },
    };
  }

  /** What is drawn after, as large as the model draws best; what was seen last where the host is gone. */
  async #capture(on: readonly Control[], call: CallOptions): Promise<DocumentCapture> {
    const { session, structure, source, connected } = this.#parts;
    const shown = source.peek();
    if (shown && (shown.kind !== "selection" || !connected.peek())) {
      const scene = untracked(() => structure.of(shown));
      return scene ? { ...shown.capture, scene } : shown.capture;
    }
    const capture = await session.capture({}, call);
    if (capture) return withStructure(session, on, capture, call);
    throw new NothingSelected();
  }

  /** Draws again what a result was drawn from, with other seeds. */
  async moreLike(result: Result): Promise<void> {
    const { session, settings } = this.#parts;
    const { drawn, capture } = result;
    const { seed: _seed, width: _width, height: _height, ...request } = drawn.request;
    const part: Part = async (_n, call) => ({ drawn: await session.generate(request, capture, call), capture });
    await this.#work(settings.count.peek(), part, { on: [], again: () => void this.moreLike(result) });
  }

  /** Draws a layer's recipe again: the same picture, to go over the layer where its place is known. */
  async replay(recipe: string): Promise<void> {
    const over = this.#parts.source.peek()?.capture;
    const part: Part = async (_n, call) => {
      // Without an anchor nobody knows more of its place than the recipe.
      const options = over?.anchor === undefined ? call : { ...call, over };
      const drawn = await this.#parts.session.replay(recipe, options);
      return { drawn, capture: captureOf(drawn) };
    };
    await this.#work(1, part, { on: [], again: () => void this.replay(recipe) });
  }

  async #work(
    count: number,
    part: Part,
    { on, again }: { readonly on: readonly Control[]; readonly again: () => void },
  ): Promise<void> {
    if (this.job.working.peek()) return;
    const { results, cards, onEnd } = this.#parts;
    cards.replace("job", []);
    const { finished, error, stopped } = await this.job.run(count, async (n, call) => {
      const { drawn, capture } = await part(n, call);
      const dropped = results.add(drawn, capture);
      if (dropped > 0) cards.show({ topic: "results-full", tone: "warn", place: "results" });
      // What is to be said of a live map stands under its control already.
      const told = new Set(
        on.flatMap(({ map }) => (map.peek() ? notesOf(map.peek() as ConditionMap) : [])).map(({ code }) => code),
      );
      const { warnings } = drawn.result;
      for (const warning of warnings) if (!told.has(warning.code)) cards.show(this.#warned(warning, warnings, on));
    });
    const isStopped = stopped || (error !== null && isStop(error));
    if (error instanceof NothingSelected) {
      cards.show({
        topic: "nothing-selected",
        tone: "warn",
        place: "selection",
        remedies: [{ word: "again", run: again }],
      });
    } else if (error instanceof NoShapes) cards.show({ topic: "scene-absent", tone: "warn", place: "job" });
    else if (error !== null && !isStopped) cards.show(failureCard(error, "job", again));
    onEnd(finished, error === null ? "done" : isStopped ? "stopped" : "failed");
  }

  /** The card of a warning, which speaks for all of its code. */
  #warned(warning: Warning, warnings: readonly Warning[], on: readonly Control[]): Card {
    const { offers, settings } = this.#parts;
    const alike = warnings.filter(({ code }) => code === warning.code);
    return { ...warningCard(warning, "job"), remedies: remediesOf(alike, { on, offers, settings }) };
  }
}

/** Nothing is selected: no failure of anybody's. */
class NothingSelected extends Error {}

/** A control reads shapes, and there are none: it says so itself, and no picture is drawn that leaves it out. */
class NoShapes extends Error {}

/** The place that a picture was drawn for, for more like it. */
const captureOf = ({ pixels, bounds, mask, anchor }: Drawn): Capture => ({
  pixels,
  bounds,
  ...(mask ? { mask } : {}),
  ...(anchor === undefined ? {} : { anchor }),
});
