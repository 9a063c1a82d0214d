import { MessageChannel } from "node:worker_threads";
import { type EngineScope, type EngineWorker, type ServeEngineOptions, serveEngine } from "@underdraw/engine/worker";

/** A worker as a page sees it, whose script runs on this thread: what crosses is cloned and handed over as it is there. */
export class FakeWorker extends EventTarget {
  /** What the page sent, as it left. */
  readonly sent: Record<string, unknown>[] = [];
  /** What came back, as it arrived. */
  readonly heard: Record<string, unknown>[] = [];
  ended = false;
  /** Called when something was sent. */
  onSent: ((message: Record<string, unknown>) => void) | null = null;
  readonly #page: InstanceType<typeof MessageChannel>["port1"];
  readonly #there: InstanceType<typeof MessageChannel>["port2"];

  /** `script` is what the worker's script does with its scope. */
  constructor(script: (scope: EngineScope) => void) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#page = port1;
    this.#there = port2;
    port1.on("message", (data) => {
      this.heard.push(data);
      this.say(data);
    });
    script({
      postMessage: (message, transfer) => port2.postMessage(message, transfer as ArrayBuffer[]),
      addEventListener: (_, listener) => void port2.on("message", (data) => listener({ data })),
    });
  }

  postMessage(message: Record<string, unknown>, transfer: ArrayBuffer[] = []): void {
    this.sent.push(message);
    this.#page.postMessage(message, transfer);
    this.onSent?.(message);
  }

  /** Sends what the page did not think of. */
  whisper(message: unknown): void {
    this.#page.postMessage(message);
  }

  /** Lets the page hear something. */
  say(data: unknown): void {
    if (!this.ended) this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** Fails as a worker does: with an event of its own. */
  fail(type: "error" | "messageerror", message?: string): void {
    this.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), { message }));
  }

  terminate(): void {
    this.ended = true;
    this.#page.close();
    this.#there.close();
  }
}

/** What starts workers that serve an engine, and the workers it started. */
export function fakeWorkers(script: ServeEngineOptions | ((scope: EngineScope) => void) = {}): {
  readonly start: () => EngineWorker;
  readonly workers: FakeWorker[];
} {
  const workers: FakeWorker[] = [];
  const run = typeof script === "function" ? script : (scope: EngineScope) => serveEngine(script, scope);
  return {
    workers,
    start() {
      const worker = new FakeWorker(run);
      workers.push(worker);
      return worker as unknown as EngineWorker;
    },
  };
}
