import { type CallOptions, share, unlessAborted } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { CountOptions, Fingerprints, Pipeline, PipelineDefaults, TokenCount } from "../engine.ts";
import type { Recipe, RecipeResult } from "../recipe.ts";
import type { GenerateOptions, GenerateRequest, GenerateResult } from "../request.ts";
import { checkRequest } from "../request-check.ts";
import { requestInput } from "./inputs.ts";
import type { LinkOptions, WorkerLink } from "./link.ts";
import type { CallInput, CallName, CallResult, GenerateChoices, Runs } from "./protocol.ts";

/** What a pipeline needs of the engine that it belongs to. */
export interface PipelineOwner {
  /** The worker of now, started if there is none. Throws when the engine was disposed. */
  link(): WorkerLink;
  /** Calls a worker; a success ends a row of crashes. */
  call<Name extends CallName>(
    link: WorkerLink,
    name: Name,
    input: CallInput<Name>,
    options: LinkOptions<Name>,
  ): Promise<CallResult<Name>>;
  onDispose(pipeline: ClientPipeline): void;
}

/** How a pipeline was loaded first. */
export interface LoadedThere {
  readonly link: WorkerLink;
  readonly request: CallInput<"load">["request"];
  readonly loaded: CallResult<"load">;
}

/** Where a pipeline lies: in which worker, and by which number. */
interface Home {
  readonly link: WorkerLink;
  readonly pipeline: Promise<number>;
  /** Whether it is loaded there by now. */
  done: boolean;
}

/** The part of a call in which the pipeline is loaded again, where the worker is a new one. */
const reloading = 0.5;

/** A pipeline that lies in a worker. When that was lost, the next call loads it again into the new one. */
export class ClientPipeline implements Pipeline {
  readonly name: string;
  readonly nets: readonly string[];
  readonly defaults: PipelineDefaults;
  readonly #owner: PipelineOwner;
  readonly #request: LoadedThere["request"];
  readonly #stopping = new AbortController();
  /** Where it lies, by its number there. */
  #home: Home;
  #runs: Runs;
  #disposed: Promise<void> | null = null;

  constructor(owner: PipelineOwner, { link, request, loaded }: LoadedThere) {
    const { pipeline, name, nets, defaults, runs } = loaded;
    this.name = name;
    this.nets = nets;
    this.defaults = defaults;
    this.#owner = owner;
    this.#request = request;
    this.#home = { link, pipeline: Promise.resolve(pipeline), done: true };
    this.#runs = runs;
  }

  async generate(request: GenerateRequest, options: GenerateOptions = {}): Promise<GenerateResult> {
    for (const name of ["trace", "noise"] as const)
      if (options[name])
        throw new TypeError(
          `options.${name} is a function, which cannot go to a worker. Draw with an Engine of this thread.`,
        );
    checkRequest(request);
    const { transfer, ...input } = requestInput(request);
    const { reuse, measure, influence } = options;
    const choices: GenerateChoices = {
      ...(reuse === undefined ? {} : { reuse }),
      ...(measure === undefined ? {} : { measure }),
      ...(influence === undefined ? {} : { influence }),
    };
    return this.#call("generate", { ...input, options: choices }, options, transfer);
  }

  async recipe(request: GenerateRequest, result: RecipeResult, options: CallOptions = {}): Promise<Recipe> {
    checkRequest(request);
    const { transfer, ...input } = requestInput(request);
    const { seed, steps, guidance, pixels } = result;
    const facts = { seed, steps, guidance, pixels: { width: pixels.width, height: pixels.height } };
    return this.#call("recipe", { ...input, result: facts }, options, transfer);
  }

  async fingerprints(options: CallOptions = {}): Promise<Fingerprints> {
    return this.#call("fingerprints", {}, options);
  }

  async countTokens(prompt: string, { syntax, ...options }: CountOptions = {}): Promise<TokenCount> {
    return this.#call("tokens", { prompt, ...(syntax && { syntax }) }, options);
  }

  runs(): Readonly<Record<string, number>> {
    return { ...this.#runs };
  }

  async #call<Name extends "generate" | "recipe" | "fingerprints" | "tokens">(
    name: Name,
    input: Omit<CallInput<Name>, "pipeline">,
    given: CallOptions,
    transfer: Transferable[] = [],
  ): Promise<CallResult<Name>> {
    const own = this.#stopping.signal;
    const signal = given.signal ? AbortSignal.any([given.signal, own]) : own;
    signal.throwIfAborted();
    const options = { ...given, signal };
    const home = this.#settle(options);
    const rest = home.done ? options : share(options, reloading, 1);
    const pipeline = await unlessAborted(home.pipeline, signal);
    const onRuns = (runs: Runs) => {
      if (this.#home === home && !this.#disposed) this.#runs = runs;
    };
    const whole = { ...input, pipeline } as CallInput<Name>;
    return this.#owner.call(home.link, name, whole, { ...rest, transfer, onRuns });
  }

  /** Where the pipeline lies; where the worker is a new one, it is loaded there first. */
  #settle(options: CallOptions & { readonly signal: AbortSignal }): Home {
    const link = this.#owner.link();
    if (this.#home.link === link) return this.#home;
    const { onProgress } = share(options, 0, reloading);
    // No signal: others may wait for the same load, and whoever stops does not stop them.
    const loading = link.call(
      "load",
      { request: this.#request },
      {
        onProgress: (progress) => {
          if (!options.signal.aborted) onProgress?.(progress);
        },
      },
    );
    const previous = this.#home;
    const home = { link, pipeline: loading.then(({ pipeline }) => pipeline), done: false };
    this.#home = home;
    loading.then(
      ({ runs }) => {
        home.done = true;
        if (!this.#disposed) this.#runs = runs;
      },
      () => {
        if (this.#home === home) this.#home = previous; // the next call tries again
      },
    );
    return home;
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#end();
    return this.#disposed;
  }

  async #end(): Promise<void> {
    this.#stopping.abort(
      new UnderdrawError("disposed", "The pipeline was disposed: load the model again.", { what: "pipeline" }),
    );
    this.#runs = {};
    this.#owner.onDispose(this);
    const { link, pipeline } = this.#home;
    // In a worker that is gone there is nothing to free.
    await pipeline.then((pipeline) => link.call("free", { pipeline })).catch(() => undefined);
  }

  /** The same as `dispose`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
