import type { Port } from "../host/port.ts";

/** Where a window port leads. */
export interface WindowPortOptions {
  /** The window at the other end: `parent`, or a frame's `contentWindow`. */
  readonly target: Pick<Window, "postMessage">;
  /**
   * The origins that the other end may have: only they are sent to, and only they are heard. "null" stands for pages
   * without an origin (a sandboxed frame) and can only be sent to as "*"; "*" allows every page, and is for development.
   */
  readonly origin: string | readonly string[];
  /** The window that messages come from; `target` without it, null to go by origin alone. */
  readonly source?: unknown;
  /** Where messages arrive; this window without it. */
  readonly listen?: EventTarget;
}

/**
 * A port between two windows, by `postMessage`. Listens from the first `receive` until `close`. A browser tells nobody that
 * a window is gone, so that there is no `onClose`. Throws a TypeError without an origin.
 */
export function windowPort(options: WindowPortOptions): Port {
  const { target, source = target, listen = window } = options;
  const origins = typeof options.origin === "string" ? [options.origin] : options.origin;
  if (origins.length === 0) throw new TypeError("origin: name the origin of the page at the other end.");
  let handler: ((message: unknown) => void) | null = null;
  /** Where the other end was heard; before that, each origin it may have is tried. */
  let found: string | null = null;

  const hear = (event: Event): void => {
    const { origin, data, source: from } = event as MessageEvent<unknown>;
    if (source !== null && from !== source) return;
    if (!origins.includes(origin) && !origins.includes("*")) return;
    found = origin;
    handler?.(data);
  };
  return {
    carries: "bytes",
    send: (message) => {
      for (const origin of found === null ? origins : [found]) {
        target.postMessage(message, origin === "null" ? "*" : origin);
      }
    },
    receive: (next) => {
      if (!handler) listen.addEventListener("message", hear);
      handler = next;
    },
    close: () => {
      handler = null;
      listen.removeEventListener("message", hear);
    },
  };
}
