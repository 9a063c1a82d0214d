import type { Port } from "@underdraw/sdk/host";
import { isShell, type ToHost, type ToPage, toHost } from "../shell/message.ts";

/** The largest message, in characters: 1 MiB keeps Photoshop's own thread free between two pieces of a picture. */
const LARGEST = 1 << 20;

/** What is needed of a webview. */
export interface WebView {
  postMessage(message: unknown): void;
}

/** What a webview's page says, as it arrives at the plugin's window. */
interface Arrival {
  readonly data?: unknown;
  readonly message?: unknown;
  readonly source?: unknown;
}

/** What is needed of the plugin's window. */
export interface MessageTarget {
  addEventListener(type: "message", listener: (event: Arrival) => void): void;
  removeEventListener(type: "message", listener: (event: Arrival) => void): void;
}

/** The channel to the page of a webview: the SDK's bridge, and beside it what only this plugin says. */
export interface WebViewChannel {
  /** For `serveHost`. */
  readonly port: Port;
  /** Says something to the page. */
  tell(message: ToPage): void;
  /** Stops listening: the webview is gone. */
  close(): void;
}

/**
 * Opens the channel to a webview's page. Only what that very element sends is heard: the origin that Photoshop reports is
 * an address in some versions and a scheme in others, and says nothing that the source does not.
 */
export function openChannel(
  webview: WebView,
  target: MessageTarget,
  onMessage: (message: ToHost) => void,
): WebViewChannel {
  let receive: ((message: unknown) => void) | null = null;
  let ended: ((reason: string) => void) | null = null;
  const hear = (event: Arrival): void => {
    if (event.source !== webview) return;
    const message = event.data ?? event.message;
    if (!isShell(message)) {
      receive?.(message);
      return;
    }
    const found = toHost.safeParse(message);
    if (found.success) onMessage(found.data);
  };
  target.addEventListener("message", hear);
  return {
    port: {
      carries: "json",
      largest: LARGEST,
      send: (message) => webview.postMessage(message),
      receive: (handler) => {
        receive = handler;
      },
      onClose: (handler) => {
        ended = handler;
      },
    },
    tell: (message) => webview.postMessage(message),
    close() {
      target.removeEventListener("message", hear);
      ended?.("The panel was closed.");
      receive = ended = null;
    },
  };
}
