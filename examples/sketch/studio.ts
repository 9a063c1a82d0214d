import { type ErrorCode, UnderdrawError } from "@underdraw/engine/core";
import {
  type CallInput,
  type CallName,
  type CallResult,
  fromWorker,
  type PixelFacts,
  type ProgressFacts,
  parseResult,
  type Reply,
} from "./protocol.ts";

// The page's end of the worker: calls become messages, messages become promises. It owns the worker, and replaces it
// when it crashed or when onnxruntime in it cannot be trusted any more.

/** What a call may take besides what it is about. */
export interface StudioOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ProgressFacts) => void;
  readonly onPreview?: (pixels: PixelFacts) => void;
}

/** The worker stopped by itself. `again` is true when it did so before. */
export class StudioCrash extends Error {
  override readonly name = "StudioCrash";
  readonly again: boolean;

  constructor(reason: string, again: boolean) {
    super(`The worker stopped: ${reason}`);
    this.again = again;
  }
}

interface Waiting {
  readonly name: CallName;
  readonly options: StudioOptions;
  resolve(result: never): void;
  reject(error: unknown): void;
}

/** After these, onnxruntime in the worker may be in any state: the next call gets a new worker. */
const spoilt: readonly string[] = ["device-lost", "out-of-memory", "runtime-failed", "timeout"];

/** Owns the worker that draws. */
export class Studio {
  #worker: Worker | null = null;
  #next = 0;
  #crashes = 0;
  #generation = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #start: () => Worker;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  /** How many workers were let go or lost: what was opened before the number changed is gone. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Calls the worker, and starts one if there is none. Buffers in `transfer` are handed over. Rejects with what failed
   * there, with the signal's reason when stopped, or with a `StudioCrash`.
   */
  call<Name extends CallName>(
    name: Name,
    input: CallInput<Name>,
    options: StudioOptions & { readonly transfer?: Transferable[] } = {},
  ): Promise<CallResult<Name>> {
    const { signal, transfer = [] } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const id = this.#next++;
      this.#worker ??= this.#hire();
      const worker = this.#worker;
      const stop = (): void => {
        // The far end stops at its next step; nobody waits for that.
        this.#waiting.delete(id);
        worker.postMessage({ abort: id });
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
      const done = (settle: () => void): void => {
        this.#waiting.delete(id);
        signal?.removeEventListener("abort", stop);
        settle();
      };
      this.#waiting.set(id, {
        name,
        options,
        resolve: (result) => done(() => resolve(result)),
        reject: (error) => done(() => reject(error)),
      });
      worker.postMessage({ id, call: name, ...input }, transfer);
    });
  }

  /** Lets the worker go: what runs in it rejects. */
  dispose(): void {
    this.#leave(new DOMException("The page let its worker go.", "AbortError"));
  }

  #hire(): Worker {
    const worker = this.#start();
    worker.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crash(event.message || "its script could not be loaded");
    };
    worker.onmessageerror = () => this.#crash("a message could not be read");
    return worker;
  }

  #hear(data: unknown): void {
    const reply = fromWorker.safeParse(data);
    if (reply.success) this.#answer(reply.data);
    else this.#crash("it answered in words that the page does not know");
  }

  #answer(message: Reply): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if ("progress" in message) waiting.options.onProgress?.(message.progress);
    else if ("preview" in message) waiting.options.onPreview?.(message.preview);
    else if ("error" in message) {
      const { code, details } = message.error;
      waiting.reject(revived(message.error));
      if (code !== undefined && spoilt.includes(code)) this.#leave(revived({ ...message.error, details }));
    } else {
      try {
        const result = parseResult(waiting.name, message.result);
        if (waiting.name === "draw") this.#crashes = 0;
        waiting.resolve(result as never);
      } catch {
        this.#crash("it answered in words that the page does not know");
      }
    }
  }

  #crash(reason: string): void {
    this.#crashes++;
    this.#leave(new StudioCrash(reason, this.#crashes > 1));
  }

  #leave(error: unknown): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#generation++;
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }
}

/** An error that crossed from the worker, as it was there. */
function revived({
  name,
  message,
  code,
  details,
}: {
  name: string;
  message: string;
  code?: string | undefined;
  details: unknown;
}): Error {
  if (code !== undefined) return new UnderdrawError(code as ErrorCode, message, details as never);
  return name === "AbortError" ? new DOMException(message, name) : Object.assign(new Error(message), { name });
}
