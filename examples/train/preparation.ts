import { UnderdrawError } from "@underdraw/engine/core";
import type { Action } from "./action.ts";
import { find } from "./element.ts";
import { readRequest, showReading } from "./fields.ts";
import type { ChosenFiles } from "./folder.ts";
import type { Link } from "./link.ts";
import type { NoteStrip } from "./note.ts";
import type { PairsView } from "./pairs-view.ts";
import { showPlan } from "./plan-view.ts";
import type { Answer, Looked, Reading } from "./protocol.ts";
import { say } from "./words.ts";

/** What shows the preparation. */
export interface PreparationParts {
  readonly link: Link;
  readonly main: Action;
  readonly note: NoteStrip;
  readonly pairs: PairsView;
  announce(text: string): void;
  /** What was prepared before is gone, and all that was learnt from it. */
  onReset(): void;
  onFailure(error: unknown): void;
}

/** What comes before training: files are chosen, looked at, and what learning from them takes is found out. */
export class Preparation {
  readonly #parts: PreparationParts;
  #chosen: ChosenFiles | null = null;
  /** Looking and planning go one after the other: what is asked later stops what was asked before. */
  #turn: { readonly stopping: AbortController; readonly over: Promise<void> } | null = null;
  /** What was seen; null before. */
  looked: Looked | null = null;
  /** What training takes; null before that is known. */
  plan: Answer<"plan"> | null = null;

  constructor(parts: PreparationParts) {
    this.#parts = parts;
  }

  /** Nothing was chosen yet. */
  reset(): void {
    const { main, pairs, onReset } = this.#parts;
    this.looked = this.plan = null;
    pairs.clear();
    find("plan").hidden = true;
    find("welcome").hidden = false;
    main.allow(false);
    onReset();
  }

  /** Looks at files, and plans. Without a reading the files say what they are. */
  choose(files: ChosenFiles, reading: Reading | null = null): Promise<void> {
    this.#chosen = files;
    return this.#inTurn(async (signal) => {
      await this.#look(files, reading, signal);
      await this.#makePlan(signal);
    });
  }

  /** Looks at the same files as something else. */
  async readAs(reading: Reading): Promise<void> {
    if (this.#chosen) await this.choose(this.#chosen, reading);
  }

  /** Looks at the pairs that the browser keeps, and plans. */
  takeKept(): Promise<void> {
    this.#chosen = null;
    return this.#inTurn(async (signal) => {
      await this.#look(null, null, signal);
      await this.#makePlan(signal);
    });
  }

  /** Plans anew. */
  async planAnew(): Promise<void> {
    if (this.looked) await this.#inTurn((signal) => this.#makePlan(signal));
  }

  #inTurn(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const before = this.#turn;
    before?.stopping.abort();
    const stopping = new AbortController();
    const { signal } = stopping;
    const over = (async () => {
      await before?.over;
      if (signal.aborted) return;
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted) this.#parts.onFailure(error);
      }
    })();
    this.#turn = { stopping, over };
    return over;
  }

  async #look(from: ChosenFiles | null, reading: Reading | null, signal: AbortSignal): Promise<void> {
    const { link, main, note, pairs, announce } = this.#parts;
    note.hide();
    this.reset();
    find("welcome").hidden = true;
    if (!from) find("kept").hidden = true;
    const name = find("data-name");
    name.hidden = false;
    find("data-empty").hidden = true;
    name.textContent = from?.name ?? "";
    main.say(say("getting-ready"));
    try {
      const side = readRequest()?.side ?? 256;
      this.looked = await link.ask(
        "open",
        { name: from?.name ?? "", files: from?.files ?? null, reading, side },
        {
          signal,
          onTold(told) {
            if (signal.aborted) return;
            if (told.tell === "pair") pairs.add(told.pair);
            if (told.tell === "progress") main.say(say("looking", told.progress));
          },
        },
      );
      const { read: n, sound } = this.looked;
      name.textContent = this.looked.name;
      pairs.show(this.looked);
      showReading(this.looked.reading);
      announce(say("said-looked", { n, sound }));
    } catch (error) {
      if (signal.aborted || !UnderdrawError.is(error, "training-data")) throw error;
      // They may be something else than was said: that can be chosen.
      showReading(reading ?? { kind: "pairs", condition: null, invert: false });
      pairs.show({ faulty: error.details.issues, warnings: [] });
      note.show({ title: say("no-pairs"), text: error.message, bad: true });
    } finally {
      main.say(say("train"));
    }
  }

  async #makePlan(signal: AbortSignal): Promise<void> {
    const { link, main } = this.#parts;
    const request = readRequest();
    this.plan = null;
    main.allow(false);
    if (!this.looked || !request) return;
    showPlan(null, request);
    try {
      this.plan = await link.ask(
        "plan",
        { request },
        {
          signal,
          onTold(told) {
            if (told.tell !== "progress") return;
            const { done, of } = told.progress;
            find("plan-memory").textContent = say("reading-base", { n: Math.round((100 * done) / of) });
          },
        },
      );
      showPlan(this.plan, request);
      main.allow(true);
    } catch (error) {
      find("plan").hidden = true;
      throw error;
    }
  }
}
