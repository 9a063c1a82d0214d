import { type CallOptions, report, unlessAborted } from "../call.ts";
import type { Condition, ConditionSource } from "../conditions/condition.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { Device, EngineLike, LoadRequest, Pipeline } from "../engine.ts";
import { type ExtractedMap, type ExtractOptions, extractMap, type ModelRunner, mapOf } from "../extract.ts";
import { ClientPipeline, type PipelineOwner } from "./client-pipeline.ts";
import { filesInput, loadInput, sourceInput } from "./inputs.ts";
import { type EngineWorker, type LinkOptions, WorkerLink } from "./link.ts";
import type { CallInput, CallName, CallResult, Files } from "./protocol.ts";

/** How to connect to an engine in a worker. */
export interface ConnectEngineOptions {
  /** How long a worker's script may take until it listens, in milliseconds. 30,000 without it. */
  readonly timeoutMs?: number;
}

/** An engine in a worker. It can be used as an `Engine` is, and holds nothing up on the thread that calls it. */
export interface WorkerEngine extends EngineLike {
  /**
   * Hears each time that the worker was lost, with the error that what was running rejects with; returns what ends the
   * listening. The next call starts another worker, and `again` says that the one before was lost too, with no call done
   * since.
   */
  onCrash(listener: (error: UnderdrawError<"worker-crashed">) => void): () => void;
}

/**
 * The engine of a worker whose script calls `serveEngine`. `start` makes the worker, when it is first needed and after
 * one was lost; what was loaded is then loaded again when it is asked for. A condition that the worker knows by its id
 * is drawn there, any other on the calling thread, since functions cannot go to a worker.
 */
export function connectEngine(start: () => EngineWorker, options: ConnectEngineOptions = {}): WorkerEngine {
  return new ClientEngine(start, options);
}

class ClientEngine implements WorkerEngine, PipelineOwner {
  readonly #start: () => EngineWorker;
  readonly #timeoutMs: number;
  readonly #pipelines = new Set<Pipeline>();
  readonly #listeners = new Set<(error: UnderdrawError<"worker-crashed">) => void>();
  #link: WorkerLink | null = null;
  /** How many workers were lost since a call was done. */
  #crashes = 0;
  #disposed: Promise<void> | null = null;

  constructor(start: () => EngineWorker, { timeoutMs = 30_000 }: ConnectEngineOptions) {
    if (!(timeoutMs > 0)) throw new RangeError(`options.timeoutMs is ${timeoutMs}; it is a number above 0.`);
    this.#start = start;
    this.#timeoutMs = timeoutMs;
  }

  link(): WorkerLink {
    if (this.#disposed) throw engineDisposed();
    if (this.#link) return this.#link;
    try {
      const link: WorkerLink = new WorkerLink({
        start: this.#start,
        timeoutMs: this.#timeoutMs,
        onLost: (reason) => this.#lose(link, reason),
      });
      this.#link = link;
      return link;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw this.#crash(`it could not be started (${why})`, cause);
    }
  }

  async call<Name extends CallName>(
    link: WorkerLink,
    name: Name,
    input: CallInput<Name>,
    options: LinkOptions<Name> = {},
  ): Promise<CallResult<Name>> {
    const result = await link.call(name, input, options);
    this.#crashes = 0;
    return result;
  }

  #lose(link: WorkerLink, reason: string): void {
    if (this.#link === link) this.#link = null;
    link.end(this.#disposed ? engineDisposed() : this.#crash(reason));
  }

  /** Counts a crash and tells of it. */
  #crash(reason: string, cause?: unknown): UnderdrawError<"worker-crashed"> {
    const again = ++this.#crashes > 1;
    const advice = again
      ? "It did so before: reload the page, and let the processor draw or make the picture smaller if it recurs."
      : "Ask again: another one is started, and loads again what was loaded.";
    const message = `The worker in which the engine runs was lost: ${reason}. ${advice}`;
    const error = new UnderdrawError("worker-crashed", message, { reason, again }, { cause });
    for (const listener of this.#listeners) {
      try {
        listener(error);
      } catch (thrown) {
        report(thrown);
      }
    }
    return error;
  }

  onCrash(listener: (error: UnderdrawError<"worker-crashed">) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async device(): Promise<Device> {
    return this.call(this.link(), "device", {});
  }

  async extract<Id extends string>(
    condition: Condition<Id>,
    source: ConditionSource,
    options: ExtractOptions = {},
  ): Promise<ExtractedMap<Id>> {
    const link = this.link();
    const { id, options: chosen } = condition;
    const { models: given = {}, ...call } = options;
    const models = filesInput(given);
    const known = await unlessAborted(link.conditions, options.signal);
    const crossing = known.has(id) ? sourceInput(source) : null;
    if (!crossing) return extractMap(condition, source, call, this.#runner(link, models));
    const input = { condition: { id, options: chosen }, source: crossing.source, models };
    const { pixels, warnings } = await this.call(link, "extract", input, { ...call, transfer: crossing.transfer });
    return mapOf(condition, pixels, warnings);
  }

  /** Runs the models of a condition that is drawn on this thread: they lie in the worker all the same. */
  #runner(link: WorkerLink, models: Files): ModelRunner {
    return async (model, inputs, { need = null, warn, ...options }) => {
      const { outputs, warnings } = await this.call(link, "run", { model, need, inputs, models }, options);
      for (const warning of warnings) warn(warning);
      return outputs;
    };
  }

  async load(request: LoadRequest = {}, options: CallOptions = {}): Promise<Pipeline> {
    const link = this.link();
    const input = loadInput(request);
    const loaded = await this.call(
      link,
      "load",
      { request: input },
      {
        ...options,
        // Loaded for nobody: it was stopped when it was as good as done.
        onLate: ({ pipeline }) => void link.call("free", { pipeline }).catch(() => undefined),
      },
    );
    const pipeline = new ClientPipeline(this, { link, request: input, loaded });
    this.#pipelines.add(pipeline);
    return pipeline;
  }

  onDispose(pipeline: Pipeline): void {
    this.#pipelines.delete(pipeline);
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#end();
    return this.#disposed;
  }

  async #end(): Promise<void> {
    const link = this.#link;
    for (const pipeline of [...this.#pipelines]) void pipeline.dispose();
    await link?.close(engineDisposed());
    this.#link = null;
  }

  /** The same as `dispose`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const engineDisposed = (): UnderdrawError<"disposed"> =>
  new UnderdrawError("disposed", "This engine was disposed. Connect another.", { what: "engine" });
