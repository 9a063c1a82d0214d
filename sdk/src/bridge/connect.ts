import type { Ability, HostAdapter } from "../host/adapter.ts";
import type { Port } from "../host/port.ts";

/** How to connect. */
export interface ConnectOptions {
  /** Stops the waiting for the host's answer. */
  readonly signal?: AbortSignal;
  /** How long to wait for the first answer, in milliseconds; the hello is repeated meanwhile. 10,000 without it. */
  readonly timeoutMs?: number;
}

/** A host behind a port: an adapter again, whose pictures are pixels. */
export interface ConnectedHost extends HostAdapter {
  /** What the host can do besides `capture` and `place`. The methods for what it cannot do are absent. */
  readonly abilities: readonly Ability[];
  /** Calls `listener` once when the host is gone: later calls reject with `bridge-closed`. */
  onClose(listener: (reason: string) => void): () => void;
  /** Lets the host go: what is on its way rejects with `bridge-closed`. */
  close(): void;
}

/**
 * Connects to the host at the other end of `port`: says hello, settles version, abilities and pieces. Rejects with
 * `timeout` when nobody answers, with `bridge-protocol` when the versions do not meet.
 */
export function connectHost(port: Port, options: ConnectOptions = {}): Promise<ConnectedHost> {
  void [port, options];
  throw new Error("being written");
}
