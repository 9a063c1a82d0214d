import type { StopSignal } from "./adapter.ts";

/** A signal and the hand that pulls it: an `AbortController` for realms that have none. */
export interface Stop {
  readonly signal: StopSignal;
  /** Aborts the signal with a reason; only the first call counts. What a listener throws is lost. */
  stop(reason: unknown): void;
}

/** Makes a signal that is not aborted. */
export function createStop(): Stop {
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (_: "abort", listener: () => void): void => void listeners.add(listener),
    removeEventListener: (_: "abort", listener: () => void): void => void listeners.delete(listener),
  };
  return {
    signal,
    stop: (reason) => {
      if (signal.aborted) return;
      signal.aborted = true;
      signal.reason = reason;
      const waiting = [...listeners];
      listeners.clear();
      for (const listener of waiting) {
        try {
          listener();
        } catch {
          // One listener's fault must not keep the others from stopping.
        }
      }
    },
  };
}
