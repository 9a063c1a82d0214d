import { UnderdrawError } from "@underdraw/engine/core";
import type { StopSignal } from "../host/adapter.ts";
import { later } from "../host/later.ts";
import type { Call, HostMessage, PanelMessage } from "../host/protocol.ts";
import {
  type Arrived,
  type Incoming,
  incoming,
  type Outgoing,
  outgoing,
  type Parcel,
  type Way,
} from "../host/transfer.ts";
import { hostError } from "./host-error.ts";

/** A message to the host; the connection is added where it is sent. */
export type Unaddressed = PanelMessage extends infer M
  ? M extends PanelMessage
    ? Omit<M, "connection">
    : never
  : never;

/** What a call needs to be asked. */
export interface AskedParts {
  readonly host: string;
  readonly call: Call;
  readonly id: number;
  readonly parcel: Parcel;
  readonly way: Way;
  readonly signal: StopSignal | undefined;
  /** How long the host may give no sign of life, in milliseconds. */
  readonly stallMs: number;
  /** Is told how many bytes more are to come in, and throws where they may not. */
  admit(bytes: number): void;
  send(message: Unaddressed): void;
  /** Called once when the call has ended, in whatever way. */
  ended(): void;
}

/** A call that was asked and waits for its answer. */
export interface Asked {
  /** What the asking message holds of the question; whoever asked sends it. */
  readonly head: Outgoing["head"];
  readonly arrived: Promise<Arrived>;
  /** Bytes of the answer that have come or are to come. */
  readonly bytes: number;
  /** Takes a message with this call's id. */
  take(message: Extract<HostMessage, { id: number }>): void;
  /** Ends the call with an error. */
  reject(reason: unknown): void;
}

/** In so many parts is the patience with a silent host divided; after each, the host is asked whether it still works. */
const checks = 4;

/** Asks a host, and collects its answer. */
export function ask(parts: AskedParts): Asked {
  const { host, call, id, way, signal, stallMs, send } = parts;
  const question = outgoing(parts.parcel, way, (piece) => send({ underdraw: "piece", id, ...piece }));
  let answer: { readonly ok: boolean; readonly parcel: Incoming } | null = null;
  let silent = 0;
  let rest = (): void => {};
  let settle: { resolve(arrived: Arrived): void; reject(reason: unknown): void } | null = null;
  const arrived = new Promise<Arrived>((resolve, reject) => {
    settle = { resolve, reject };
  });

  const end = (how: (promise: NonNullable<typeof settle>) => void): void => {
    if (!settle) return;
    const promise = settle;
    settle = null;
    rest();
    question.stop();
    signal?.removeEventListener("abort", stopped);
    parts.ended();
    how(promise);
  };
  const reject = (reason: unknown): void => end((promise) => promise.reject(reason));
  const giveUp = (reason: unknown): void => {
    reject(reason);
    send({ underdraw: "cancel", id });
  };
  const stopped = (): void => giveUp(stopReason(signal));
  const wait = (): void => {
    rest = later(stallMs / checks, () => {
      silent++;
      if (silent === checks) {
        const message = `${host} gave no sign of life for ${stallMs} ms during ${call}. See whether it shows a dialog, then try again.`;
        giveUp(new UnderdrawError("timeout", message, { what: `${host}: ${call}`, limitMs: stallMs }));
      } else {
        wait();
        send({ underdraw: "check", id });
      }
    });
  };
  /** Takes a step of the answer's arrival. */
  const arrive = (step: () => number): void => {
    try {
      const index = step();
      const all = answer?.parcel.arrived;
      if (all && answer?.ok) end((promise) => promise.resolve(all));
      else if (all) reject(hostError(all.value, host, call));
      // After the last piece too: the host keeps a transfer until it is confirmed.
      send({ underdraw: "taken", id, index });
    } catch (error) {
      giveUp(error);
    }
  };

  signal?.addEventListener("abort", stopped);
  wait();
  return {
    head: question.head,
    arrived,
    get bytes() {
      return answer?.parcel.bytes ?? 0;
    },
    take: (message) => {
      silent = 0;
      if (message.underdraw === "taken") question.taken(message.index);
      else if (message.underdraw === "piece") {
        const parcel = answer?.parcel;
        if (parcel) arrive(() => parcel.take(message));
      } else if (message.underdraw === "answer" && !answer) {
        const { ok } = message;
        arrive(() => {
          answer = { ok, parcel: incoming(message, way, parts.admit) };
          return 0;
        });
      }
    },
    reject,
  };
}

/** Why a signal was aborted, untouched. */
export function stopReason(signal: StopSignal | undefined): unknown {
  if (signal?.reason !== undefined) return signal.reason;
  return new DOMException("The call was stopped.", "AbortError"); // a host's own signal may have none
}
