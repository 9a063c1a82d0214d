import { HostError } from "./failure.ts";
import { wait } from "./pause.ts";

// What lies between a plugin and the page in its webview: JSON in both directions, one message after the other, with a
// pipe's width and delay. What the page has no ear for yet is gone.

/** How fast the bridge is. */
export interface Bridge {
  /** 50 without it, as a shipping plugin measured. */
  readonly mbPerS?: number;
  /** 2 without it. */
  readonly latencyMs?: number;
}

/** A pipe of one direction: bytes wait for those before them. */
export function pipe({
  mbPerS = 50,
  latencyMs = 2,
}: Bridge): (message: unknown, deliver: (data: unknown) => void) => void {
  let last: Promise<void> = Promise.resolve();
  let freeAt = 0;
  return (message, deliver) => {
    const json = JSON.stringify(message);
    if (json === undefined) throw new HostError("Only what JSON can say can be posted");
    const now = performance.now();
    freeAt = Math.max(now, freeAt) + json.length / (mbPerS * 1000);
    const due = freeAt + latencyMs;
    last = last.then(async () => {
      const left = due - performance.now();
      if (left > 0) await wait(left);
      deliver(JSON.parse(json));
    });
  };
}

/** What a page's window hears from the plugin. */
export interface PageMessage {
  readonly data: unknown;
  /** The plugin's id, and no address. */
  readonly origin: string;
}

/** One end of a channel, as `connectHost` takes it. */
export interface PagePort {
  readonly carries: "json";
  send(message: unknown): void;
  receive(handler: (message: unknown) => void): void;
  onClose(handler: (reason: string) => void): void;
  close(): void;
}

/** The page in a webview, played by a test. A reload ends it; the next one is asked for anew. */
export class Page {
  readonly url: string;
  readonly #pluginId: string;
  readonly #toPlugin: (message: unknown) => void;
  readonly #onReload: () => void;
  #handler: ((message: PageMessage) => void) | null = null;
  #closed: ((reason: string) => void)[] = [];
  #gone = false;
  /** Messages that came while nobody listened. */
  lost = 0;

  constructor(url: string, pluginId: string, toPlugin: (message: unknown) => void, onReload: () => void) {
    this.url = url;
    this.#pluginId = pluginId;
    this.#toPlugin = toPlugin;
    this.#onReload = onReload;
  }

  /** `window.uxpHost.postMessage`. */
  post(message: unknown): void {
    if (this.#gone) throw new Error("This page was reloaded or closed.");
    this.#toPlugin(message);
  }

  /** The page's `message` listener: only what comes after it is heard. */
  listen(handler: (message: PageMessage) => void): void {
    this.#handler = handler;
  }

  /** A message that has crossed the bridge. */
  arrive(data: unknown): void {
    if (this.#gone) return;
    if (!this.#handler) this.lost++;
    else this.#handler({ data, origin: this.#pluginId });
  }

  /** The page as the SDK's port. */
  port(): PagePort {
    return {
      carries: "json",
      send: (message) => this.post(message),
      receive: (handler) => this.listen(({ data }) => handler(data)),
      onClose: (handler) => void this.#closed.push(handler),
      close: () => this.listen(() => {}),
    };
  }

  /** The page is loaded again: what was in it is gone, and the plugin is not told. */
  reload(): void {
    this.end("The page was reloaded.");
    this.#onReload();
  }

  /** The page is gone. */
  end(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#handler = null;
    for (const closed of this.#closed) closed(reason);
  }
}
