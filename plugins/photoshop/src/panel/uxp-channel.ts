import type { Port } from "@underdraw/sdk";
import { isShell, type ToHost, type ToPage, toPage } from "../shell/message.ts";

/** The largest message, in characters: UXP parses each on Photoshop's own thread. */
const LARGEST = 1 << 20;

/** Milliseconds between two times that the page says it listens. */
const AGAIN = 500;

/** What UXP puts into the window of a page in a webview. */
export interface UxpHost {
  postMessage(message: unknown): void;
}

/** What arrives at the page's window. */
interface Arrival {
  readonly data?: unknown;
  /** In place of `data` in some versions. */
  readonly message?: unknown;
  readonly source?: unknown;
}

/** What is needed of the page's window. */
export interface PageWindow {
  readonly uxpHost?: UxpHost;
  addEventListener(type: "message", listener: (event: Arrival) => void): void;
}

/** What Photoshop's side says first. */
export type Welcome = Extract<ToPage, { shell: "welcome" }>;

/** The channel to Photoshop's side: the SDK's bridge, and beside it what only this plugin says. */
export interface UxpChannel {
  /** For `connectHost`. */
  readonly port: Port;
  /** Says that the page listens until it is answered. Rejects when nobody answers for `timeoutMs`. */
  greet(timeoutMs: number): Promise<Welcome>;
  /** Says something to Photoshop's side. */
  tell(message: ToHost): void;
  /** Hears what Photoshop's side says after its welcome; only one listener. */
  listen(onMessage: (message: ToPage) => void): void;
}

/**
 * Opens the channel to Photoshop's side; null on a page that is in no webview. Only what has UXP's own object as its
 * source is heard: its `origin` is the plugin's id, which is no web origin and which any window could not claim anyway.
 */
export function openUxpChannel(window: PageWindow): UxpChannel | null {
  const { uxpHost } = window;
  if (!uxpHost) return null;
  let receive: ((message: unknown) => void) | null = null;
  let onShell: ((message: ToPage) => void) | null = null;
  window.addEventListener("message", (event) => {
    if (event.source !== uxpHost) return;
    const message = event.data ?? event.message;
    if (!isShell(message)) {
      receive?.(message);
      return;
    }
    const found = toPage.safeParse(message);
    if (found.success) onShell?.(found.data);
  });
  const tell = (message: ToHost): void => uxpHost.postMessage(message);
  return {
    port: {
      carries: "json",
      largest: LARGEST,
      send: (message) => uxpHost.postMessage(message),
      receive: (handler) => {
        receive = handler;
      },
    },
    greet: (timeoutMs) =>
      new Promise((resolve, reject) => {
        const repeating = setInterval(() => tell({ shell: "ready" }), AGAIN);
        const ending = setTimeout(() => {
          clearInterval(repeating);
          reject(new Error("Photoshop's side of the plugin does not answer. Close the panel and open it again."));
        }, timeoutMs);
        onShell = (message) => {
          if (message.shell !== "welcome") return;
          clearInterval(repeating);
          clearTimeout(ending);
          onShell = null;
          resolve(message);
        };
        tell({ shell: "ready" });
      }),
    tell,
    listen: (onMessage) => {
      onShell = onMessage;
    },
  };
}
