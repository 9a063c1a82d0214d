import { fromWire, UnderdrawError } from "@underdraw/engine/core";
import { type Answer, type Asked, type AskName, readAnswer, readHeard, type Told } from "./protocol.ts";

/** How something is asked. */
export interface AskOptions {
  /** Hears what happens before the answer. */
  readonly onTold?: (told: Told) => void;
  /** Asks the worker to stop; the answer, or the reason why there is none, comes all the same. */
  readonly signal?: AbortSignal;
}

/** What the page hears without having asked. */
export interface LinkListeners {
  /** A worker is lost: why, and whether it was one that never said anything, so that another would do no better. */
  onCrash(reason: string, again: boolean): void;
  /** Something went wrong in the worker that ends nothing. */
  onReport(text: string): void;
}

/** The page's end of its worker. A worker that fails is told once, and the next question starts another. */
export class Link {
  readonly #make: () => Worker;
  readonly #listeners: LinkListeners;
  /** Whether the worker of now ever said something. */
  #wasHeard = false;
  #worker: Worker | null = null;
  #last = 0;
  readonly #open = new Map<
    number,
    { onTold(told: Told): void; answer(value: unknown): void; fail(error: Error): void }
  >();

  constructor(make: () => Worker, listeners: LinkListeners) {
    this.#make = make;
    this.#listeners = listeners;
  }

  /** Asks something. Rejects with what the worker failed with, and with `worker-crashed` when it is lost. */
  ask<Name extends AskName>(ask: Name, what: Asked<Name>, options: AskOptions = {}): Promise<Answer<Name>> {
    const { signal } = options;
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const stop = (): void => worker.postMessage({ id: ++this.#last, ask: "stop", what: { of: id } });
      const settle = (): void => {
        this.#open.delete(id);
        signal?.removeEventListener("abort", stop);
      };
      this.#open.set(id, {
        onTold: options.onTold ?? (() => {}),
        answer(value) {
          settle();
          resolve(readAnswer(ask, value));
        },
        fail(error) {
          settle();
          reject(error);
        },
      });
      worker.postMessage({ id, ask, what });
      signal?.addEventListener("abort", stop);
      if (signal?.aborted) stop();
    });
  }

  #start(): Worker {
    const worker = this.#make();
    this.#wasHeard = false;
    worker.onmessage = ({ data }: MessageEvent<unknown>) => {
      const heard = readHeard(data);
      this.#wasHeard = true;
      if ("reported" in heard) return this.#listeners.onReport(heard.reported);
      const { of, event, answer, error } = heard;
      const asked = this.#open.get(of);
      if (event) asked?.onTold(event);
      try {
        if (answer) asked?.answer(answer.value);
      } catch (cause) {
        asked?.fail(cause as Error);
      }
      if (error) asked?.fail(fromWire(error));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      if (this.#worker === worker) this.#worker = null;
      const again = !this.#wasHeard;
      const reason = event.message?.replace(/^Uncaught /, "").replace(/\.$/, "") || "no reason was given";
      const lost = new UnderdrawError("worker-crashed", `The worker stopped: ${reason}.`, { reason, again });
      for (const { fail } of [...this.#open.values()]) fail(lost);
      this.#listeners.onCrash(reason, again);
    };
    return worker;
  }
}
