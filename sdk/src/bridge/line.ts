// The panel's end of the bridge: says hello, asks, hears events, notices when the other end is gone. Whatever is asked
// ends: with an answer, an error, the caller's stop, the bridge's end, or a timeout when the host gives no sign of life.
// It knows calls by name only: what they carry is connect.ts's business, how one call runs is asked.ts's.

import { UnderdrawError } from "@underdraw/engine/core";
import type { StopSignal } from "../host/adapter.ts";
import { later } from "../host/later.ts";
import { largestOf, limits } from "../host/limits.ts";
import type { Port } from "../host/port.ts";
import { type Call, type HostMessage, type PanelMessage, protocolVersion } from "../host/protocol.ts";
import { type Arrived, type Parcel, violation } from "../host/transfer.ts";
import { type Asked, ask, stopReason, type Unaddressed } from "./asked.ts";
import { readHostMessage } from "./host-message.ts";

/** What a host says of itself when it is greeted. */
export type Welcome = Extract<HostMessage, { underdraw: "welcome" }>;

/** A connection that was made. */
export interface Line {
  readonly welcome: Welcome;
  /** Asks, and gives what arrives. A stop rejects at once with the signal's reason. */
  ask(call: Call, parcel: Parcel, signal: StopSignal | undefined): Promise<Arrived>;
  onSelectionChange(listener: () => void): () => void;
  onClose(listener: (reason: string) => void): () => void;
  close(): void;
}

/** How to open a line. */
export interface LineOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly stallMs: number;
}

/** The pause after the first hello, and the longest between two: it doubles. Milliseconds. */
const pauses = { first: 100, longest: 1_000 };

/** Says hello until the host answers. Rejects with `timeout`, `bridge-protocol`, `bridge-closed` or the signal's reason. */
export function openLine(port: Port, { signal, timeoutMs, stallMs }: LineOptions): Promise<Line> {
  const largest = largestOf(port);
  // Random for each load of the page. Not `randomUUID`, which insecure pages lack.
  const connection = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  const most = limits.bytes;
  const hello: PanelMessage = { underdraw: "hello", connection, versions: [protocolVersion], largest, most };
  return new Promise((resolve, reject) => {
    let line: OpenedLine | null = null;
    let ended = false;
    let hush = (): void => {};
    const settle = (): void => {
      ended = true;
      hush();
      impatience();
      signal?.removeEventListener("abort", stopped);
    };
    const fail = (error: unknown): void => {
      if (ended) return;
      settle();
      port.receive(() => {});
      reject(error);
    };
    const stopped = (): void => fail(stopReason(signal));
    const greet = (pause: number): void => {
      try {
        port.send(hello);
      } catch (cause) {
        fail(closedError("The host", "Its channel takes no messages.", cause));
        return;
      }
      // A port may have answered at once.
      if (!ended) hush = later(pause, () => greet(Math.min(2 * pause, pauses.longest)));
    };
    const impatience = later(timeoutMs, () => {
      const message = `No editor answered within ${timeoutMs} ms. Close this panel and open it again from the editor.`;
      fail(new UnderdrawError("timeout", message, { what: "hello", limitMs: timeoutMs }));
    });
    if (signal?.aborted) {
      stopped();
      return;
    }
    signal?.addEventListener("abort", stopped);
    port.onClose?.((reason) => (line ? line.lost(reason) : fail(closedError("The host", reason))));
    port.receive((data) => {
      const message = readHostMessage(data);
      if (message?.connection !== connection) return;
      if (line) line.take(message);
      else if (message.underdraw === "refuse") fail(otherVersion(message.versions));
      else if (message.underdraw === "bye") fail(closedError("The host", message.reason));
      else if (message.underdraw !== "welcome") return;
      else if (message.version !== protocolVersion) fail(otherVersion([message.version]));
      else {
        settle();
        line = openedLine(port, message, Math.min(largest, message.largest), stallMs);
        resolve(line);
      }
    });
    greet(pauses.first);
  });
}

interface OpenedLine extends Line {
  take(message: HostMessage): void;
  /** The other end is gone. */
  lost(reason: string): void;
}

function openedLine(port: Port, welcome: Welcome, largest: number, stallMs: number): OpenedLine {
  const { connection, host } = welcome;
  const way = { carries: port.carries, largest };
  const calls = new Map<number, Asked>();
  const changed = new Set<() => void>();
  const gone = new Set<(reason: string) => void>();
  let lastId = 0;
  let over: string | null = null;
  let lostBecause: string | null = null;

  const end = (reason: string): void => {
    over = reason;
    port.receive(() => {});
    changed.clear();
    for (const call of [...calls.values()]) call.reject(closedError(host, reason));
  };
  const lost = (reason: string): void => {
    if (over !== null) return;
    lostBecause = reason;
    end(reason);
    for (const listener of [...gone]) safely(() => listener(reason));
    gone.clear();
  };
  const send = (message: Unaddressed | { readonly underdraw: "bye"; readonly reason: string }): void => {
    if (over !== null) return;
    try {
      port.send({ ...message, connection });
    } catch {
      lost("Its channel takes no messages.");
    }
  };
  const admit = (more: number): void => {
    const held = [...calls.values()].reduce((sum, { bytes }) => sum + bytes, more);
    if (held > limits.bytes) throw violation(`${held} bytes at once, more than the ${limits.bytes} agreed`);
  };

  const tooLarge = (call: Call, characters: number, { parts }: Parcel): Error | null => {
    if (characters > limits.text) {
      return new RangeError(`${call}: ${limits.text} characters at most, recipes included, not ${characters}.`);
    }
    const bytes = parts.reduce((sum, { length }) => sum + length, characters);
    if (bytes <= welcome.most) return null;
    const message = `This takes ${bytes} bytes, and ${host} takes ${welcome.most} at once. Select a smaller area.`;
    return new UnderdrawError("selection-unusable", message, { host, reason: "too-large" });
  };

  return {
    welcome,
    lost,
    take: (message) => {
      if (message.underdraw === "bye") lost(message.reason);
      else if (message.underdraw === "event") for (const listener of [...changed]) safely(listener);
      else if ("id" in message) calls.get(message.id)?.take(message);
    },
    ask: async (call, parcel, signal) => {
      if (signal?.aborted) throw stopReason(signal);
      if (over !== null) throw closedError(host, over);
      const id = ++lastId;
      const ended = (): void => void calls.delete(id);
      const asked = ask({ host, call, id, parcel, way, signal, stallMs, admit, send, ended });
      const problem = tooLarge(call, asked.head.length, parcel);
      if (problem) {
        asked.reject(problem);
        return asked.arrived;
      }
      calls.set(id, asked);
      send({ underdraw: "ask", id, call, ...asked.head });
      return asked.arrived;
    },
    onSelectionChange: (listener) => {
      // A listener of its own for each call, so that taking one away leaves the other.
      const own = (): void => listener();
      changed.add(own);
      return () => void changed.delete(own);
    },
    onClose: (listener) => {
      const own = (reason: string): void => listener(reason);
      gone.add(own);
      // Gone before anybody could listen.
      const reason = lostBecause;
      if (reason !== null) queueMicrotask(() => gone.delete(own) && safely(() => own(reason)));
      return () => void gone.delete(own);
    },
    close: () => {
      if (over !== null) return;
      send({ underdraw: "bye", reason: "The panel was closed." });
      gone.clear();
      end("This panel let it go.");
      port.close?.();
    },
  };
}

function closedError(host: string, reason: string, cause?: unknown): UnderdrawError<"bridge-closed"> {
  const message = `${host} is out of reach: ${reason} Open the panel again from the editor; finished pictures stay.`;
  return new UnderdrawError("bridge-closed", message, { reason }, cause === undefined ? undefined : { cause });
}

function otherVersion(versions: readonly number[]): UnderdrawError<"bridge-protocol"> {
  const spoken = versions.join(", ") || "none";
  const message = `This panel speaks version ${protocolVersion} of the bridge, and the plugin speaks ${spoken}. Update the plugin and reload this panel.`;
  return new UnderdrawError("bridge-protocol", message, { got: `versions ${spoken}` });
}

/** Calls a listener; what it throws is reported and goes no further. */
function safely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    // Node 20 has no reportError.
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  }
}
