import { type CallOptions, tell } from "../call.ts";
import { fromWire } from "../core/wire.ts";
import {
  type CallInput,
  type CallName,
  type CallResult,
  isOurs,
  mark,
  type ProgressFacts,
  type Reply,
  type Runs,
  readReply,
  readResult,
  version,
} from "./protocol.ts";

// The page's end of one worker, from its start to its end: calls become messages, messages become promises. It knows
// nothing of engines and pipelines. When the worker is lost it says so once; who owns it lets it go and starts another.

/** What the page uses of a worker: a `Worker` is one. */
export type EngineWorker = Pick<Worker, "addEventListener" | "postMessage" | "terminate">;

/** What a call takes besides its input. */
export interface LinkOptions<Name extends CallName> extends CallOptions {
  /** Buffers to hand over. */
  readonly transfer?: readonly Transferable[];
  /** Hears how often the graphs of the call's pipeline ran. */
  readonly onRuns?: (runs: Runs) => void;
  /** Hears of the result of a call that nobody waits for any more. */
  readonly onLate?: (result: CallResult<Name>) => void;
}

/** How a worker is started and watched. */
export interface LinkParts {
  readonly start: () => EngineWorker;
  /** How long the worker's script may take until it listens, in milliseconds. */
  readonly timeoutMs: number;
  /** Called when the worker is lost: by an error of its own, an answer that is none, or an onnxruntime that is spoilt. */
  readonly onLost: (reason: string) => void;
}

interface Waiting {
  readonly name: CallName;
  readonly options: LinkOptions<CallName>;
  posted: boolean;
  /** The largest fraction that was told. */
  reached: number;
  resolve(result: never): void;
  reject(error: unknown): void;
}

interface Post {
  readonly id: number;
  readonly message: object;
  readonly transfer: Transferable[];
}

/** After these, onnxruntime may be in any state: the worker that holds it is good for nothing more. */
const spoiling: readonly string[] = ["device-lost", "out-of-memory", "runtime-failed", "timeout"];

/** How long the worker may take to free what it holds before it is ended all the same. Milliseconds. */
const freeing = 2000;

/** One worker and the calls that are on their way to it. */
export class WorkerLink {
  /** The ids of the conditions that the worker knows, as soon as it listens. */
  readonly conditions: Promise<ReadonlySet<string>>;
  readonly #worker: EngineWorker;
  readonly #parts: LinkParts;
  readonly #waiting = new Map<number, Waiting>();
  /** Calls that were stopped and are not answered yet, by their ids. */
  readonly #stopped = new Map<number, Waiting>();
  /** What is sent when the worker listens; null from then on. */
  #unsent: Post[] | null = [];
  #open: (conditions: ReadonlySet<string>) => void = () => undefined;
  #refuse: (error: Error) => void = () => undefined;
  readonly #starting: ReturnType<typeof setTimeout>;
  readonly #watching = new AbortController();
  #next = 0;
  #ended: Error | null = null;

  /** Starts a worker. Throws what `start` throws. */
  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#worker = parts.start();
    const { timeoutMs } = parts;
    this.#starting = setTimeout(() => this.#lose(`its script did not answer within ${timeoutMs} ms`), timeoutMs);
    this.conditions = new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#refuse = reject;
    });
    this.conditions.catch(() => undefined); // whoever waits for it hears of it
    this.#worker.addEventListener("message", ({ data }) => this.#hear(data));
    this.#worker.addEventListener("messageerror", () => this.#lose("a message of it could not be read"));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#lose(event.message || "its script could not be loaded");
    });
  }

  /**
   * Calls the worker, which gets calls in the order in which they were made. Rejects with what failed there, with the
   * signal's reason as soon as it aborts, with a TypeError for what cannot cross, or with what `end` was given.
   */
  call<Name extends CallName>(
    name: Name,
    input: CallInput<Name>,
    options: LinkOptions<Name> = {},
  ): Promise<CallResult<Name>> {
    const { signal, transfer = [] } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw signal.reason;
      if (this.#ended) throw this.#ended;
      const id = this.#next++;
      const stop = (): void => {
        const waiting = this.#waiting.get(id);
        if (!waiting) return;
        this.#waiting.delete(id);
        if (waiting.posted) {
          this.#stopped.set(id, waiting);
          this.#worker.postMessage({ ...mark, abort: id });
        }
        reject(signal?.reason);
      };
      const done = (settle: () => void): void => {
        this.#waiting.delete(id);
        signal?.removeEventListener("abort", stop);
        settle();
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.#waiting.set(id, {
        name,
        options: options as LinkOptions<CallName>,
        posted: false,
        reached: 0,
        resolve: (result) => done(() => resolve(result)),
        reject: (error) => done(() => reject(error)),
      });
      const post = { id, message: { ...mark, id, call: name, ...input }, transfer: [...transfer] };
      if (this.#unsent) this.#unsent.push(post);
      else this.#post(post);
    });
  }

  #post({ id, message, transfer }: Post): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return; // stopped before its turn
    waiting.posted = true;
    try {
      this.#worker.postMessage(message, transfer);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      waiting.reject(new TypeError(`This cannot be handed to the engine's worker: ${why} Give plain data.`, { cause }));
    }
  }

  #hear(data: unknown): void {
    if (this.#ended || !isOurs(data)) return;
    const reply = readReply(data);
    if (!reply) this.#lose("it sent a message that this page does not understand");
    else if ("ready" in reply) this.#begin(reply.ready);
    else this.#answer(reply);
  }

  #begin(ready: Extract<Reply, { ready: unknown }>["ready"]): void {
    if (!this.#unsent) return;
    clearTimeout(this.#starting);
    if (ready.version !== version) {
      this.#lose(`its script speaks version ${ready.version} of the engine's messages, this page ${version}`);
      return;
    }
    const unsent = this.#unsent;
    this.#unsent = null;
    this.#open(new Set(ready.conditions));
    for (const post of unsent) this.#post(post);
    if (ready.lock !== null) void this.#watch(ready.lock);
  }

  /** A worker that is ended from outside, or for its memory, says nothing; the lock that it held becomes free. */
  async #watch(lock: string): Promise<void> {
    const { signal } = this.#watching;
    const { locks } = globalThis.navigator ?? {};
    try {
      // One that cannot be seen from here would be free at once.
      const { held = [] } = (await locks?.query()) ?? {};
      if (!held.some(({ name }) => name === lock)) return;
      await locks?.request(lock, { signal }, () => {
        if (!signal.aborted) this.#lose("it ended without a word");
      });
    } catch {
      // The watch was ended, or this page may not look at locks: then a worker that dies in silence is not noticed.
    }
  }

  #answer(reply: Exclude<Reply, { ready: unknown }>): void {
    const { id } = reply;
    const waiting = this.#waiting.get(id);
    if (!waiting) {
      this.#late(reply);
      return;
    }
    const { name, options } = waiting;
    if (reply.runs) options.onRuns?.(reply.runs);
    if ("progress" in reply) {
      waiting.reached = Math.max(waiting.reached, reply.progress.fraction);
      tell(options, this.#progress(id, { ...reply.progress, fraction: waiting.reached }, options.signal));
    } else if ("error" in reply) {
      const error = fromWire(reply.error);
      waiting.reject(error);
      if (spoiling.includes(reply.error.code ?? "")) this.#lose(error.message);
    } else {
      const result = readResult(name, reply.result);
      if (result) waiting.resolve(result.value as never);
      else this.#lose(`it answered the call "${name}" with something else`);
    }
  }

  /** The answer to a call that was stopped. */
  #late(reply: Exclude<Reply, { ready: unknown }>): void {
    const stopped = this.#stopped.get(reply.id);
    if (!stopped || "progress" in reply) return;
    this.#stopped.delete(reply.id);
    if ("error" in reply) {
      if (spoiling.includes(reply.error.code ?? "")) this.#lose(reply.error.message);
      return;
    }
    const result = readResult(stopped.name, reply.result);
    if (result) stopped.options.onLate?.(result.value);
  }

  #progress(of: number, facts: ProgressFacts, signal: AbortSignal | undefined): Parameters<typeof tell>[1] {
    if (facts.phase !== "denoise") return facts;
    const { preview, ...rest } = facts;
    if (!preview) return rest;
    const { step } = facts;
    return { ...rest, preview: () => this.call("preview", { of, step }, signal ? { signal } : {}) };
  }

  #lose(reason: string): void {
    if (!this.#ended) this.#parts.onLost(reason);
  }

  /** Ends the worker at once: what waits, and every later call, rejects with `error`. May be called twice. */
  end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    clearTimeout(this.#starting);
    this.#watching.abort();
    this.#worker.terminate();
    this.#refuse(error);
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }

  /** Lets the worker free what it holds, then ends it; what waits rejects with `error` at once. */
  async close(error: Error): Promise<void> {
    const waiting = [...this.#waiting.values()];
    const freed = this.#unsent || this.#ended ? null : this.call("dispose", {});
    for (const { reject } of waiting) reject(error);
    if (freed) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, freeing);
      });
      await Promise.race([freed.catch(() => undefined), limit]);
      clearTimeout(timer);
    }
    this.end(error);
  }
}
