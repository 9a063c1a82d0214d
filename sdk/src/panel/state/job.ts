import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type CallOptions, type Progress, share } from "@underdraw/engine";

/** Where a job stands. */
export interface Working {
  /** The picture that is drawn now, from 1, and how many are asked for. */
  readonly at: number;
  readonly count: number;
  readonly stage: Progress["phase"] | "start" | "capture" | "stopping";
  /** Of the whole job, from 0 to 1; it never falls. */
  readonly fraction: number;
  /** While denoising. */
  readonly step?: number;
  readonly steps?: number;
  /** Of the whole job, once it can be told. */
  readonly secondsLeft: number | null;
}

/** A job of one or several pictures, one after another: its progress, and how to stop it. One runs at a time. */
export class Job {
  readonly working: Signal<Working | null> = signal(null);
  /** Changes only when a job begins and ends. */
  readonly busy: ReadonlySignal<boolean> = computed(() => this.working.value !== null);
  readonly #now: () => number;
  #stopping: AbortController | null = null;

  /** `now` gives milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Does `part` once for each picture. Resolves with how many were finished and what ended it: null when all went well.
   * Rejects with an Error when a job runs already.
   */
  async run(
    count: number,
    part: (n: number, call: CallOptions & { readonly signal: AbortSignal }) => Promise<void>,
  ): Promise<{ readonly finished: number; readonly error: unknown; readonly stopped: boolean }> {
    if (this.#stopping) throw new Error("A job runs already. Stop it, or wait for its end.");
    const stopping = new AbortController();
    this.#stopping = stopping;
    const { signal } = stopping;
    this.working.value = { at: 1, count, stage: "start", fraction: 0, secondsLeft: null };
    let finished = 0;
    try {
      for (; finished < count; finished++) {
        signal.throwIfAborted();
        const onProgress = this.#listener(finished + 1, count);
        await part(finished, { ...share({ onProgress }, finished / count, (finished + 1) / count), signal });
      }
      return { finished, error: null, stopped: false };
    } catch (error) {
      return { finished, error, stopped: signal.aborted };
    } finally {
      this.#stopping = null;
      this.working.value = null;
    }
  }

  #listener(at: number, count: number): (progress: Progress) => void {
    let begun: { readonly time: number; readonly step: number } | null = null;
    return (progress) => {
      const before = this.working.peek();
      if (!before || before.stage === "stopping") return;
      const fraction = Math.max(before.fraction, progress.fraction);
      if (progress.phase !== "denoise") {
        this.working.value = { at, count, stage: progress.phase, fraction, secondsLeft: null };
        return;
      }
      const { step, steps } = progress;
      begun ??= { time: this.#now(), step };
      // The pace of the steps since the first one that was told.
      const pace = step > begun.step ? (this.#now() - begun.time) / (step - begun.step) : null;
      const left = steps - step + steps * (count - at);
      const secondsLeft = pace === null ? null : Math.max(1, Math.ceil((pace * left) / 1000));
      this.working.value = { at, count, stage: "denoise", fraction, step, steps, secondsLeft };
    };
  }

  /** Says that the document is being read. */
  capturing(): void {
    const before = this.working.peek();
    if (before) this.working.value = { ...before, stage: "capture" };
  }

  /** Stops what runs; what was finished stays. */
  stop(): void {
    const before = this.working.peek();
    if (!this.#stopping || !before) return;
    this.working.value = { ...before, stage: "stopping", secondsLeft: null };
    this.#stopping.abort(new DOMException("Stopped by the person at the panel.", "AbortError"));
  }
}
