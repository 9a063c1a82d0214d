import type { Port } from "../host/port.ts";

/** What of a `MessagePort` or a `Worker` a port needs. */
export interface MessageEndpoint {
  /** Sends a message to the other end. */
  postMessage(message: unknown): void;
  /** Hears messages, and where the browser tells it, the end of the channel. */
  addEventListener(type: "message" | "close", listener: (event: Event) => void): void;
  /** Hears no more. */
  removeEventListener(type: "message" | "close", listener: (event: Event) => void): void;
  /** Lets messages through, where that must be asked for. */
  start?(): void;
  /** Lets the channel go. */
  close?(): void;
}

/** A port over one end of a `MessageChannel`, or over a worker. `onClose` is called where the browser tells it. */
export function channelPort(endpoint: MessageEndpoint): Port {
  let handler: ((message: unknown) => void) | null = null;
  const hear = (event: Event): void => handler?.((event as MessageEvent<unknown>).data);
  return {
    carries: "bytes",
    send: (message) => endpoint.postMessage(message),
    receive: (next) => {
      const first = handler === null;
      handler = next;
      if (!first) return;
      endpoint.addEventListener("message", hear);
      endpoint.start?.();
    },
    onClose: (listener) => endpoint.addEventListener("close", () => listener("The channel was closed.")),
    close: () => {
      handler = null;
      endpoint.removeEventListener("message", hear);
      endpoint.close?.();
    },
  };
}
