// One panel that is served: the calls it asked for, from the first piece of the question to the last of the answer. It
// outlives neither the page that said hello nor the coming of another. What a call does stands in perform.ts.

import { toWire, UnderdrawError } from "@underdraw/engine/core";
import type { Ability, HostAdapter, Picture } from "./adapter.ts";
import { later } from "./later.ts";
import { limits } from "./limits.ts";
import { hostFailed } from "./packed.ts";
import { perform } from "./perform.ts";
import type { Port } from "./port.ts";
import { type Call, type HostMessage, type PanelMessage, protocolVersion } from "./protocol.ts";
import { createStop, type Stop } from "./stop-signal.ts";
import { type Arrived, type Incoming, incoming, type Outgoing, outgoing, type Parcel, type Way } from "./transfer.ts";

/** What a connection is made of. */
export interface ConnectionParts {
  readonly host: HostAdapter<Picture>;
  readonly port: Port;
  /** What the panel calls this connection. */
  readonly id: string;
  readonly way: Way;
  /** The most bytes of calls that may be at each end at once. */
  readonly most: { readonly here: number; readonly there: number };
  readonly pictures: "pixels" | "png";
  readonly stallMs: number;
  /** Called when the panel cannot be reached. */
  lost(): void;
}

/** A panel that is served. */
export interface Connection {
  readonly id: string;
  /** Answers a hello. */
  welcome(): void;
  /** Takes a message of this connection. */
  take(message: Exclude<PanelMessage, { underdraw: "hello" | "bye" }>): void;
  /** Stops everything. `told`: the panel hears why. */
  close(reason: string, told: boolean): void;
}

/** Posts a message; false where the channel is gone. */
export function post(port: Port, message: HostMessage): boolean {
  try {
    port.send(message);
    return true;
  } catch {
    return false;
  }
}

/** One call: its question while that arrives, its answer while that leaves, neither while the host is at work. */
interface Running {
  readonly call: Call;
  readonly stop: Stop;
  question: Incoming | null;
  answer: Outgoing | null;
  /** Bytes that came with the question. */
  bytes: number;
  /** Ends the waiting for the next piece. */
  calm: () => void;
}

/** How far below the highest id a new one may lie: messages that overtook each other are no more apart. */
const disorder = 1_000;

/** Opens the connection to a panel that said hello. */
export function openConnection(parts: ConnectionParts): Connection {
  const { host, port, id: connection, way, most, pictures, stallMs } = parts;
  const running = new Map<number, Running>();
  const known = new Set<number>();
  let highest = 0;
  let open = true;

  const send = (message: Unaddressed): void => {
    if (open && !post(port, { ...message, connection } as HostMessage)) parts.lost();
  };
  /** Whether an id was never used before; it is from now on. */
  const isNew = (id: number): boolean => {
    if (known.has(id) || id <= highest - disorder) return false;
    known.add(id);
    highest = Math.max(highest, id);
    if (known.size > 2 * disorder) for (const old of known) if (old <= highest - disorder) known.delete(old);
    return true;
  };
  const busy = (what: string): UnderdrawError<"host-busy"> =>
    new UnderdrawError("host-busy", `${host.name} takes ${what} at once. Try again when others are done.`, {
      host: host.name,
    });
  const admit = (more: number): void => {
    const held = [...running.values()].reduce((sum, { bytes }) => sum + bytes, more);
    if (held > most.here) throw busy(`${most.here} bytes`);
  };

  const drop = (id: number, reason: unknown): void => {
    const call = running.get(id);
    if (!call) return;
    call.calm();
    call.answer?.stop();
    // One that the host is at keeps its place until the host is done with it.
    if (call.question || call.answer) running.delete(id);
    call.stop.stop(reason);
  };
  /** Gives a transfer up that stands still. The panel, if it is there, finds out by itself. */
  const watch = (id: number, call: Running): void => {
    call.calm();
    call.calm = later(stallMs, () => drop(id, closed("The transfer stood still.")));
  };

  const answer = (id: number, call: Running, ok: boolean, parcel: Parcel): void => {
    running.delete(id);
    if (!open || call.stop.signal.aborted) return;
    const leaving = outgoing(parcel, way, (piece) => send({ underdraw: "piece", id, ...piece }));
    if (leaving.head.length > limits.text) throw new RangeError(`${leaving.head.length} characters are too many.`);
    if (!leaving.done) {
      call.answer = leaving;
      running.set(id, call);
      watch(id, call);
    }
    send({ underdraw: "answer", id, ok, ...leaving.head });
  };
  const fail = (id: number, call: Running, error: unknown): void => {
    const { name, message, code, details } = toWire(error);
    const value = { name: String(name).slice(0, 100), message: String(message).slice(0, 4_000), code };
    answer(id, call, false, { value: { ...value, details: small(details) }, parts: [] });
  };
  const run = async (id: number, call: Running, question: Arrived): Promise<void> => {
    call.calm();
    call.question = null;
    if (call.stop.signal.aborted) return;
    try {
      const parcel = await perform(host, call.call, question, { signal: call.stop.signal }, pictures);
      try {
        const bytes = parcel.parts.reduce((sum, part) => sum + part.length, 0);
        if (bytes > most.there) throw new RangeError(`${bytes} bytes of pictures are too many.`);
        answer(id, call, true, parcel);
      } catch (cause) {
        throw hostFailed(host.name, call.call, `gave what cannot be passed on (${String(cause)}).`, cause);
      }
    } catch (error) {
      fail(id, call, error);
    }
  };
  /** Takes a step of a question's arrival; when all of it is there, the call begins. */
  const arrive = (id: number, call: Running, step: () => number): void => {
    try {
      const index = step();
      call.bytes = call.question?.bytes ?? 0;
      send({ underdraw: "taken", id, index });
      const question = call.question?.arrived;
      if (question) void run(id, call, question);
      else watch(id, call);
    } catch (error) {
      call.calm();
      call.question = null;
      fail(id, call, error);
    }
  };
  const ask = ({ id, call: name, length, text }: Extract<PanelMessage, { underdraw: "ask" }>): void => {
    if (!isNew(id)) return;
    const call: Running = {
      call: name,
      stop: createStop(),
      question: null,
      answer: null,
      bytes: 0,
      calm: () => {},
    };
    if (running.size >= limits.calls) {
      fail(id, call, busy(`${limits.calls} calls`));
      return;
    }
    running.set(id, call);
    arrive(id, call, () => {
      call.question = incoming({ length, text }, way, admit);
      return 0;
    });
  };

  const abilities: Ability[] = [];
  if (host.scene) abilities.push("scene");
  if (host.recipe) abilities.push("recipe");
  const forget = host.onSelectionChange?.(() => send({ underdraw: "event", name: "selection-change" }));
  if (forget) abilities.push("selection-events");

  return {
    id: connection,
    welcome: () => {
      const { name, exactSize = false, layerMasks = false } = host;
      const { largest } = way;
      const says = { host: name, exactSize, layerMasks, abilities, pictures, largest, most: most.here };
      send({ underdraw: "welcome", version: protocolVersion, ...says });
    },
    take: (message) => {
      const call = running.get(message.id);
      if (message.underdraw === "ask") ask(message);
      else if (message.underdraw === "cancel") {
        // One that overtook its question: the question is not heard any more.
        isNew(message.id);
        drop(message.id, Object.assign(new Error("The panel asked to stop."), { name: "AbortError" }));
      } else if (!call) return;
      else if (message.underdraw === "check") {
        // A transfer that stands still must not look alive.
        if (!call.question && !call.answer) send({ underdraw: "working", id: message.id });
      } else if (message.underdraw === "piece") {
        const { question } = call;
        if (question) arrive(message.id, call, () => question.take(message));
      } else if (call.answer) {
        call.answer.taken(message.index);
        if (call.answer.done) {
          call.calm();
          running.delete(message.id);
        } else watch(message.id, call);
      }
    },
    close: (reason, told) => {
      if (!open) return;
      forget?.();
      if (told) send({ underdraw: "bye", reason: reason.slice(0, limits.name) });
      open = false;
      for (const id of [...running.keys()]) drop(id, closed(reason));
    },
  };
}

/** A message to the panel; the connection is added where it is sent. */
type Unaddressed = HostMessage extends infer M ? (M extends HostMessage ? Omit<M, "connection"> : never) : never;

const closed = (reason: string): UnderdrawError<"bridge-closed"> =>
  new UnderdrawError("bridge-closed", `The panel is gone: ${reason} Nothing more will be placed.`, { reason });

/** Details of an error that can cross: plain and not endless. */
function small(details: unknown): unknown {
  try {
    return JSON.stringify(details).length <= 65_536 ? details : undefined;
  } catch {
    return undefined; // cyclic, or nothing at all
  }
}
