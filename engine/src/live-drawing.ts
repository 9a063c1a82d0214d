import { type CallOptions, report } from "./call.ts";
import { UnderdrawError } from "./core/errors.ts";
import type { Pixels } from "./core/pixels.ts";
import { randomSeed } from "./diffusion/random.ts";
import type { Pipeline } from "./engine.ts";
import type { LiveDrawing, LiveEnd, LiveOptions } from "./live.ts";
import { LivePace, mayGiveUp, type Pacing } from "./live-pace.ts";
import { beginsAlike, liveRequest, sameContent } from "./live-request.ts";
import { ownRequest } from "./own-request.ts";
import type { GenerateOptions, GenerateRequest } from "./request.ts";
import { checkRequest } from "./request-check.ts";

/** Draws what a host asks for, as fast as it comes. */
export function liveDrawing(pipeline: Pick<Pipeline, "generate" | "defaults">, options: LiveOptions): LiveDrawing {
  return new PacedDrawing(pipeline, options);
}

interface Waiting {
  readonly request: GenerateRequest;
  /** When the first edit came that no frame has begun for. */
  readonly since: number;
}

interface Running extends Pacing {
  readonly request: GenerateRequest;
  readonly number: number;
  readonly stopping: AbortController;
  fraction: number;
  end: LiveEnd | null;
  isFinished: boolean;
}

class PacedDrawing implements LiveDrawing {
  readonly seed = randomSeed();
  readonly #pipeline: Pick<Pipeline, "generate" | "defaults">;
  readonly #options: LiveOptions;
  readonly #pace: LivePace;
  #running: Running | null = null;
  #waiting: Waiting | null = null;
  /** The request whose frame was drawn last. */
  #shown: GenerateRequest | null = null;
  /** That frame, where the next one may begin with it. */
  #frame: Pixels | null = null;
  #number = 0;
  /** Whether the last frame that began was given up. */
  #gaveUp = false;
  #isHeld = false;
  #edited = 0;
  #isPlanned = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #idle: (() => void)[] = [];
  #disposed: Promise<void> | null = null;

  constructor(pipeline: Pick<Pipeline, "generate" | "defaults">, options: LiveOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
    this.#pace = new LivePace(options.pause);
  }

  update(request: GenerateRequest): void {
    if (this.#disposed)
      throw new UnderdrawError("disposed", "This live drawing was disposed. Make another.", { what: "live drawing" });
    try {
      checkRequest(request);
    } catch (error) {
      this.#tellError(error);
      return;
    }
    const asked = request.seed === undefined ? { ...request, seed: this.seed } : request;
    const run = this.#running;
    const drawing = run && mayCome(run) ? run.request : this.#shown;
    if (sameContent(asked, this.#waiting?.request ?? drawing)) return;
    this.#edited = performance.now();
    // Back at what is being drawn, or was drawn last: there is nothing to wait for.
    if (this.#waiting && sameContent(asked, drawing)) this.#waiting = null;
    else this.#waiting = { request: ownRequest(asked), since: this.#waiting?.since ?? this.#edited };
    this.#plan();
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#plan();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = null;
    const run = this.#running;
    if (run && !run.isFinished) {
      run.end ??= "stopped";
      this.#finish(run);
      run.stopping.abort(new DOMException("The live drawing was stopped.", "AbortError"));
    }
    this.#plan();
  }

  get idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#plan();
    });
  }

  dispose(): Promise<void> {
    if (!this.#disposed) {
      this.#disposed = this.idle;
      this.stop();
    }
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** Looks what is to be done, once all that is said in this turn was said. */
  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      this.#advance();
    });
  }

  #advance(): void {
    clearTimeout(this.#timer);
    const [run, waiting] = [this.#running, this.#waiting];
    if (run) {
      if (waiting && !this.#isHeld && mayCome(run) && mayGiveUp(run))
        run.stopping.abort(new DOMException("A newer request took this one's place.", "AbortError"));
      return;
    }
    // What is shown was asked for again, and the frame between was given up.
    if (waiting && !sameContent(waiting.request, this.#shown)) {
      if (this.#isHeld) return;
      const { since } = waiting;
      const wait = this.#pace.wait(performance.now(), { edited: this.#edited, since });
      if (wait > 0) this.#timer = setTimeout(() => this.#advance(), wait);
      else void this.#draw(waiting);
      return;
    }
    this.#waiting = null;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #draw({ request }: Waiting): Promise<void> {
    const number = ++this.#number;
    const stopping = new AbortController();
    const begun = performance.now();
    const tookPlace = this.#gaveUp;
    const run: Running = { request, number, stopping, tookPlace, fraction: 0, end: null, isFinished: false };
    this.#running = run;
    this.#waiting = null;
    this.#gaveUp = false;
    const { onStart, onFrame } = this.#options;
    heard(() => onStart?.({ number, request }));
    try {
      stopping.signal.throwIfAborted();
      const drawn = this.#variant(request);
      const result = await this.#pipeline.generate(drawn, this.#callOptions(run));
      if (run.end === null) {
        run.end = "drawn";
        const milliseconds = performance.now() - begun;
        if (!result.reused.picture) this.#pace.took(milliseconds);
        this.#shown = request;
        if (this.#options.settings?.from === "frame") this.#frame = copyOf(result.pixels);
        const current = this.#waiting === null;
        heard(() => onFrame({ number, request, drawn, result, current, milliseconds }));
      }
    } catch (error) {
      if (run.end === null) {
        this.#gaveUp = stopping.signal.aborted && error === stopping.signal.reason;
        run.end = this.#gaveUp ? "replaced" : "failed";
        if (!this.#gaveUp) this.#tellError(error);
      }
    }
    this.#finish(run);
    this.#running = null;
    this.#advance();
  }

  #variant(request: GenerateRequest): GenerateRequest {
    const { settings } = this.#options;
    if (settings === null) return request;
    const frame = this.#shown && beginsAlike(request, this.#shown) ? this.#frame : null;
    return liveRequest(request, this.#pipeline.defaults, settings, frame);
  }

  #callOptions(run: Running): GenerateOptions {
    const { reuse, influence, measure = false, onProgress } = this.#options;
    const call: CallOptions = {
      signal: run.stopping.signal,
      onProgress: (progress) => {
        run.fraction = progress.fraction;
        if (mayCome(run)) heard(() => onProgress?.(progress));
      },
    };
    return { ...call, measure, ...(reuse === undefined ? {} : { reuse }), ...(influence ? { influence } : {}) };
  }

  /** Tells how a frame ended, once. */
  #finish(run: Running): void {
    if (run.isFinished) return;
    run.isFinished = true;
    const { number, end } = run;
    if (end) heard(() => this.#options.onFinish?.({ number, end }));
  }

  #tellError(error: unknown): void {
    const { onError } = this.#options;
    if (onError) heard(() => onError(error));
    else report(error);
  }
}

/** Whether a frame may still come of it. */
const mayCome = ({ end, stopping }: Running): boolean => end === null && !stopping.signal.aborted;

const copyOf = (pixels: Pixels): Pixels => ({ ...pixels, data: pixels.data.slice() });

/** Tells a listener; what it throws is reported and goes no further. */
function heard(telling: () => void): void {
  try {
    telling();
  } catch (error) {
    report(error);
  }
}
