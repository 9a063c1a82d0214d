/** How a run ends: after steps in all, after minutes that count from its first step on, or when it is stopped. */
export interface RunEnd {
  readonly steps?: number;
  readonly minutes?: number;
}

/** The share of a run's progress in which its pairs are prepared. */
const preparing = 0.1;

/** Where a run stands between its beginning and its end. What it tells never falls. */
export class RunClock {
  readonly #end: RunEnd;
  readonly #began = performance.now();
  /** When its first step was begun, and the steps of earlier runs; null before. */
  #first: { readonly step: number; readonly at: number } | null = null;
  #reached = 0;

  constructor(end: RunEnd) {
    this.#end = end;
  }

  /** The first step is about to be made, after so many of earlier runs. */
  begin(steps: number): void {
    this.#first = { step: steps, at: performance.now() };
    this.#tell(preparing);
  }

  /** Since the run began. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Whether the run is over after so many steps. Minutes leave time for one step at the least. */
  isOver(step: number): boolean {
    const { steps = Number.POSITIVE_INFINITY, minutes = Number.POSITIVE_INFINITY } = this.#end;
    return step >= steps || (step > (this.#first?.step ?? step) && this.#stepping >= 60 * minutes);
  }

  /** Seconds since the first step was begun. */
  get #stepping(): number {
    return this.#first ? (performance.now() - this.#first.at) / 1000 : 0;
  }

  #tell(fraction: number): number {
    this.#reached = Math.max(this.#reached, Math.min(1, fraction));
    return this.#reached;
  }

  /** What was told last. */
  get fraction(): number {
    return this.#reached;
  }

  /** While pairs are prepared. */
  prepared(done: number, of: number): number {
    return this.#tell(preparing * (of === 0 ? 1 : done / of));
  }

  /** After a step. Without an end nobody knows how far it is: then it nears 1 and never comes there. */
  fractionAt(step: number): number {
    if (!this.#first) return this.#reached;
    const { steps, minutes } = this.#end;
    const done = step - this.#first.step;
    const bySteps = steps === undefined ? 0 : done / Math.max(1, steps - this.#first.step);
    const byTime = minutes === undefined ? 0 : this.#stepping / (60 * minutes);
    const endless = steps === undefined && minutes === undefined ? 1 - 1 / (1 + done / 1000) : 0;
    // 1 is told at the end alone.
    return this.#tell(Math.min(0.999, preparing + (1 - preparing) * Math.max(bySteps, byTime, endless)));
  }
}
