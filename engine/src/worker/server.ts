import type { CallOptions } from "../call.ts";
import { builtInConditions } from "../conditions/built-in.ts";
import type { Condition, ConditionKind } from "../conditions/condition.ts";
import { UnderdrawError } from "../core/errors.ts";
import { createPixels, type Pixels } from "../core/pixels.ts";
import { toWire } from "../core/wire.ts";
import { Engine, type EngineOptions, type Pipeline } from "../engine.ts";
import { filesThere, loadRequest } from "./inputs.ts";
import {
  type Call,
  type CallName,
  type CallResult,
  isOurs,
  mark,
  progressFacts,
  type Reply,
  readCall,
  version,
} from "./protocol.ts";

/** What a worker's engine is made of. */
export interface ServeEngineOptions extends EngineOptions {
  /** Conditions to draw here besides the built-in ones; one with the id of another takes its place. */
  readonly conditions?: readonly ConditionKind[];
}

/** What is used of a worker's scope. */
export interface EngineScope {
  /** Sends a message to the page; what is in `transfer` is handed over. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Hears the page's messages. */
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

const serving = new WeakSet<EngineScope>();

/**
 * Serves an engine to the page that started this worker: call it once, at the top of the worker's script. Messages that
 * are not the engine's pass by. Throws a TypeError when it was called before. `scope` is the worker's own without it.
 */
export function serveEngine(options: ServeEngineOptions = {}, scope = globalThis as unknown as EngineScope): void {
  if (serving.has(scope)) throw new TypeError("serveEngine was called before in this worker: one engine is served.");
  serving.add(scope);
  const server = new EngineServer(options, scope);
  scope.addEventListener("message", ({ data }) => server.hear(data));
  void server.begin();
}

/** How many of a picture's steps can still be looked at: the page may ask for one while the next is computed. */
const mostLooks = 4;

interface Look {
  readonly step: number;
  readonly preview: () => Promise<Pixels>;
}

/** A turn of the event loop: what the page said meanwhile, such as that a call is to be stopped, is heard first. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

class EngineServer {
  readonly #engine: Engine;
  readonly #scope: EngineScope;
  readonly #conditions: ReadonlyMap<string, ConditionKind>;
  readonly #pipelines = new Map<number, Pipeline>();
  /** The last picture that was asked of each pipeline: the next one begins after it. */
  readonly #last = new WeakMap<Pipeline, Promise<unknown>>();
  readonly #running = new Map<number, AbortController>();
  /** What the pictures look like that are drawn, and the one that was done last, by the ids of their calls. */
  readonly #looks = new Map<number, Look[]>();
  readonly #files = filesThere();
  #heard = -1;
  #loaded = 0;

  constructor(options: ServeEngineOptions, scope: EngineScope) {
    this.#engine = new Engine(options);
    this.#scope = scope;
    this.#conditions = new Map([...builtInConditions, ...(options.conditions ?? [])].map((kind) => [kind.id, kind]));
  }

  /** Says that the worker listens. */
  async begin(): Promise<void> {
    const lock = await heldLock();
    this.#post({ ...mark, ready: { version, conditions: [...this.#conditions.keys()], lock } });
  }

  hear(data: unknown): void {
    if (!isOurs(data)) return;
    const message = readCall(data);
    if ("abort" in message) this.#running.get(message.abort)?.abort();
    else if ("wrong" in message) this.#refuse(message.id, message.wrong);
    else if (message.id > this.#heard) {
      // A call that comes a second time is not run again.
      this.#heard = message.id;
      void this.#answer(message);
    }
  }

  #refuse(id: number | null, got: string): void {
    if (id === null) return;
    const message = `The engine's worker got ${got}. Page and worker must be of one build: reload the page.`;
    this.#post({ ...mark, id, error: toWire(new UnderdrawError("bridge-protocol", message, { got })) });
  }

  async #answer(call: Call): Promise<void> {
    const { id } = call;
    const stopping = new AbortController();
    const { signal } = stopping;
    this.#running.set(id, stopping);
    const runs = () => ("pipeline" in call ? { runs: this.#pipelines.get(call.pipeline)?.runs() ?? {} } : {});
    const onProgress: CallOptions["onProgress"] = (progress) => {
      const facts = progressFacts(progress);
      if (facts && !signal.aborted) this.#post({ ...mark, id, progress: facts, ...runs() });
    };
    try {
      const result = await this.#perform(call, { signal, onProgress });
      this.#post({ ...mark, id, result, ...runs() }, buffersOf(result));
    } catch (error) {
      this.#post({ ...mark, id, error: toWire(error), ...runs() });
    } finally {
      this.#running.delete(id);
    }
  }

  async #perform(call: Call, options: Required<CallOptions>): Promise<CallResult<CallName>> {
    if (call.call === "preview") return this.#preview(call);
    if (call.call === "generate") return this.#generate(call, options);
    await turn();
    options.signal.throwIfAborted();
    switch (call.call) {
      case "device":
        return this.#engine.device();
      case "extract":
        return this.#extract(call, options);
      case "run":
        return this.#run(call, options);
      case "load":
        return this.#load(call, options);
      case "recipe":
        return this.#pipeline(call).recipe(call.request, call.result, options);
      case "fingerprints":
        return this.#pipeline(call).fingerprints(options);
      case "tokens":
        return this.#pipeline(call).countTokens(call.prompt, {
          ...options,
          ...(call.syntax && { syntax: call.syntax }),
        });
      case "free":
        await this.#pipelines.get(call.pipeline)?.dispose();
        this.#pipelines.delete(call.pipeline);
        return undefined;
      case "dispose":
        await this.#engine.dispose();
        return undefined;
    }
  }

  #pipeline({ pipeline }: { readonly pipeline: number }): Pipeline {
    const found = this.#pipelines.get(pipeline);
    if (found) return found;
    throw new UnderdrawError("disposed", "The pipeline was disposed: load the model again.", { what: "pipeline" });
  }

  async #extract(
    { condition, source, models = {} }: Call<"extract">,
    options: CallOptions,
  ): Promise<CallResult<"extract">> {
    const kind = this.#conditions.get(condition.id);
    if (!kind) throw new TypeError(`The worker knows no condition "${condition.id}": name it in serveEngine.`);
    const wanted = { ...options, models: this.#files(models) };
    const { pixels, warnings = [] } = await this.#engine.extract(kind.choose(condition.options), source, wanted);
    // Somebody else's condition may want to keep what it gave.
    const own = builtInConditions.includes(kind) ? pixels : { ...pixels, data: pixels.data.slice() };
    return { pixels: own, warnings };
  }

  /** Runs a model alone: as a condition of one pixel that keeps what the model gave. */
  async #run({ model, need, inputs, models }: Call<"run">, options: CallOptions): Promise<CallResult<"run">> {
    let outputs: CallResult<"run">["outputs"] = {};
    const pixel: Condition = {
      ...(builtInConditions[0] as ConditionKind),
      id: model,
      models: need ? { [model]: need } : {},
      options: {},
      async extract(source, context) {
        outputs = await context.run(model, inputs);
        return source as Pixels;
      },
    };
    const wanted = { ...options, models: this.#files(models) };
    const { warnings = [] } = await this.#engine.extract(pixel, createPixels(1, 1), wanted);
    return { outputs, warnings };
  }

  async #load({ request }: Call<"load">, options: Required<CallOptions>): Promise<CallResult<"load">> {
    const pipeline = await this.#engine.load(loadRequest(request), options);
    if (options.signal.aborted) {
      await pipeline.dispose();
      throw options.signal.reason;
    }
    const number = this.#loaded++;
    this.#pipelines.set(number, pipeline);
    const { name, nets, defaults } = pipeline;
    return { pipeline: number, name, nets: [...nets], defaults, runs: pipeline.runs() };
  }

  #generate(call: Call<"generate">, { signal, onProgress }: Required<CallOptions>): Promise<CallResult<"generate">> {
    const pipeline = this.#pipeline(call);
    const draw = async () => {
      await turn();
      signal.throwIfAborted();
      const looks: Look[] = [];
      for (const id of this.#looks.keys()) if (!this.#running.has(id)) this.#looks.delete(id);
      this.#looks.set(call.id, looks);
      return pipeline.generate(call.request, {
        ...call.options,
        signal,
        onProgress(progress) {
          if (progress.phase === "denoise" && progress.preview) {
            looks.push({ step: progress.step, preview: progress.preview });
            if (looks.length > mostLooks) looks.shift();
          }
          onProgress(progress);
        },
      });
    };
    const drawn = (this.#last.get(pipeline) ?? Promise.resolve()).then(draw);
    this.#last.set(
      pipeline,
      drawn.catch(() => undefined),
    );
    return drawn;
  }

  #preview({ of, step }: Call<"preview">): Promise<Pixels> {
    const look = this.#looks.get(of)?.find((look) => look.step >= step);
    if (look) return look.preview();
    const message = "There is nothing to preview: the picture was done or stopped, and another was begun.";
    throw new UnderdrawError("disposed", message, { what: "preview" });
  }

  #post(reply: Reply, transfer: Transferable[] = []): void {
    try {
      this.#scope.postMessage(reply, transfer);
    } catch (error) {
      // Details of an error that cannot be cloned, or pixels that somebody handed over already.
      if ("id" in reply) this.#scope.postMessage({ ...mark, id: reply.id, error: toWire(error) }, []);
    }
  }
}

/** The buffers of a result's pixels, to be handed over. */
function buffersOf(result: CallResult<CallName>): Transferable[] {
  if (result === undefined) return [];
  if ("data" in result) return [result.data.buffer];
  if ("outputs" in result)
    return [...new Set(Object.values(result.outputs).map(({ values }) => values.buffer))] as ArrayBuffer[];
  return "pixels" in result ? [result.pixels.data.buffer] : [];
}

/** A lock that this worker holds until it ends, by its name; null where there are no locks. */
async function heldLock(): Promise<string | null> {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return null;
  const name = `underdraw-engine-${crypto.randomUUID()}`;
  try {
    await new Promise<void>((resolve, reject) => {
      const held = async () => {
        resolve();
        await new Promise(() => {});
      };
      locks.request(name, held).catch(reject);
    });
    return name;
  } catch {
    return null; // a page whose origin is opaque may not lock
  }
}
