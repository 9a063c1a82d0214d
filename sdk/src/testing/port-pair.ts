import type { Port } from "../host/port.ts";

/** What goes wrong between two ports. Chances are from 0 to 1, for each message. */
export interface PortFaults {
  /** The chance that a message is lost. */
  readonly drop?: number;
  /** The chance that it arrives twice. */
  readonly duplicate?: number;
  /** The chance that it arrives after the one that was sent next. */
  readonly reorder?: number;
  /** By how long each message is late at most, in milliseconds; the order is kept. */
  readonly delayMs?: number;
  /** After how many messages, of both directions together, the channel closes. */
  readonly closeAfter?: number;
}

/** How to make a pair of ports. */
export interface PortPairOptions {
  /** Structured clones whose only binary type is `Uint8Array`, as Figma has it, or JSON, as Photoshop. "bytes" without it. */
  readonly carries?: Port["carries"];
  /** The largest message in bytes: sending a larger one throws a RangeError. 1 MiB without it. */
  readonly largest?: number;
  /** What goes wrong; nothing without it. */
  readonly faults?: PortFaults;
  /** The same seed makes the same messages go wrong. 1 without it. */
  readonly seed?: number;
}

/** Two ports that are joined. */
export interface PortPair {
  readonly panel: Port;
  readonly host: Port;
  /** From now on, other faults. */
  setFaults(faults: PortFaults): void;
  /** Closes the channel: nothing more arrives, and both ends are told. May be called twice. */
  close(reason?: string): void;
  /** How many messages each end has sent. */
  readonly sent: { readonly panel: number; readonly host: number };
}

/**
 * Joins two ports in one realm, without a browser. Values really cross: they are cloned or become text and values again,
 * and what a real channel refuses is refused here, by a throwing `send`. Messages arrive in a later turn of the event
 * loop. An end that is closed hears nothing more, and the other end is told after what was sent before.
 */
export function portPair(options: PortPairOptions = {}): PortPair {
  const { carries = "bytes", largest = 1_048_576, seed = 1 } = options;
  const chance = random(seed);
  let faults = options.faults ?? {};
  const sent = { panel: 0, host: 0 };
  const panel = createEnd();
  const host = createEnd();

  const port = (name: "panel" | "host", own: End, other: End): Port => {
    const queue = createQueue();
    return {
      carries,
      largest,
      send: (message) => {
        const crossed = carries === "json" ? throughJson(message, largest) : throughClone(message, largest);
        if (!own.open) return; // as a closed MessagePort does
        sent[name]++;
        // Always four numbers a message, so that the setting of one fault does not move the others.
        const [drop, duplicate, reorder, late] = [chance(), chance(), chance(), chance()] as const;
        const { drop: lost = 0, duplicate: twice = 0, reorder: after = 0, delayMs = 0 } = faults;
        const deliver = (): void => other.hear(crossed);
        if (drop >= lost) {
          const copies = duplicate < twice ? [deliver, deliver] : [deliver];
          queue.add(copies, late * delayMs, reorder < after);
        }
        if (sent.panel + sent.host >= (faults.closeAfter ?? Number.POSITIVE_INFINITY)) close();
      },
      receive: own.receive,
      onClose: own.onClose,
      close: () => {
        if (!own.open) return;
        own.end(null);
        queue.add([() => other.end("The other end was closed.")], 0, false);
      },
    };
  };
  const close = (reason = "The channel broke."): void => {
    panel.end(reason);
    host.end(reason);
  };
  return {
    panel: port("panel", panel, host),
    host: port("host", host, panel),
    setFaults: (next) => {
      faults = next;
    },
    close,
    sent,
  };
}

interface End {
  readonly open: boolean;
  hear(message: unknown): void;
  receive(handler: (message: unknown) => void): void;
  onClose(handler: (reason: string) => void): void;
  /** Closes this end; with a reason, those who asked are told. */
  end(reason: string | null): void;
}

function createEnd(): End {
  let open = true;
  let handler = (_: unknown): void => {};
  let closing: ((reason: string) => void)[] = [];
  return {
    get open() {
      return open;
    },
    hear: (message) => {
      if (open) handler(message);
    },
    receive: (next) => {
      handler = next;
    },
    onClose: (next) => void closing.push(next),
    end: (reason) => {
      if (!open) return;
      open = false;
      const told = closing;
      closing = [];
      if (reason !== null) for (const tell of told) tell(reason);
    },
  };
}

/** What is under way in one direction. */
function createQueue() {
  const queue: { readonly run: () => void; readonly due: number }[] = [];
  let held: typeof queue = [];
  let waits = false;
  const wait = (): void => {
    const first = queue[0] ?? held[0];
    if (waits || !first) return;
    waits = true;
    setTimeout(work, Math.max(0, first.due - performance.now()));
  };
  const work = (): void => {
    waits = false;
    // Nothing follows that it could come after.
    if (queue.length === 0) queue.push(...held.splice(0));
    for (let first = queue[0]; first && first.due <= performance.now(); first = queue[0]) {
      queue.shift();
      first.run();
    }
    wait();
  };
  return {
    /** Adds deliveries, so many milliseconds late. `behind` holds them back until after the next one. */
    add: (runs: readonly (() => void)[], late: number, behind: boolean): void => {
      const added = runs.map((run) => ({ run, due: performance.now() + late }));
      if (behind && held.length === 0) held = added;
      else queue.push(...added, ...held.splice(0));
      wait();
    },
  };
}

function throughJson(message: unknown, largest: number): unknown {
  const text = JSON.stringify(message);
  if (text === undefined) throw new TypeError("The message is nothing that JSON knows.");
  checkSize(new TextEncoder().encode(text).length, largest);
  return JSON.parse(text);
}

function throughClone(message: unknown, largest: number): unknown {
  checkSize(sizeOf(message), largest);
  return structuredClone(message);
}

function checkSize(bytes: number, largest: number): void {
  if (bytes > largest)
    throw new RangeError(`The message has ${bytes} bytes; ${largest} is the most that this port takes.`);
}

/** About how many bytes a value takes when it is cloned. Throws a TypeError for what Figma's channel refuses. */
function sizeOf(value: unknown): number {
  if (value === null || ["undefined", "boolean", "number"].includes(typeof value)) return 8;
  if (typeof value === "string") return value.length * (/[\u0100-\uffff]/.test(value) ? 2 : 1);
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item), 8);
  // By tag and depth of the chain, not by class: the value may come from another realm.
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === "Uint8Array") return (value as Uint8Array).length;
  const prototype: unknown = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (prototype === null || (prototype && kind === "Object" && Object.getPrototypeOf(prototype) === null)) {
    return Object.entries(value as object).reduce((sum, [key, item]) => sum + key.length + sizeOf(item), 8);
  }
  throw new TypeError(`A ${kind} cannot cross: only plain data and Uint8Array can.`);
}

/** Numbers from 0 to 1 by a seed: Mulberry32, by Tommy Ettinger. */
function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
