import { ask } from "./channel.ts";
import { demandMessage } from "./message.ts";

// The realm's globals besides the language's own: those of Figma's main realm, and nothing that it lacks.

type AnyFunction = (...args: never[]) => unknown;

const running = new Map<number, { readonly callback: AnyFunction; readonly repeats: boolean }>();
let count = 0;

/** The timers that run. */
export const timers = {
  /** Runs what a timer is for. */
  run(id: number): unknown {
    const timer = running.get(id);
    if (!timer) return;
    if (!timer.repeats) running.delete(id);
    return timer.callback();
  },
};

function start(callback: AnyFunction, delay = 0, repeats = false): number {
  if (typeof callback !== "function") throw new TypeError("The first argument of a timer must be a function");
  running.set(++count, { callback, repeats });
  ask("timer", count, Math.max(0, Number(delay) || 0), repeats);
  return count;
}

function stop(id: number): void {
  if (running.delete(id)) ask("stopTimer", id);
}

/** Tells an error that nobody caught. */
export function report(error: unknown): void {
  ask("log", "error", `Uncaught ${text(error)}`);
}

const say =
  (level: string) =>
  (...values: readonly unknown[]): void =>
    void ask("log", level, values.map(text).join(" "));

function text(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}\n${value.stack ?? ""}`.trim();
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

const console = {
  log: say("log"),
  info: say("info"),
  warn: say("warn"),
  error: say("error"),
  assert: (condition?: unknown, ...values: readonly unknown[]): void => {
    if (!condition) say("error")("Assertion failed:", ...values);
  },
  clear: (): void => void ask("log", "clear", ""),
};

interface FetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly headersObject?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

interface Fetched {
  readonly headersObject: Readonly<Record<string, string>>;
  readonly ok: boolean;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: string;
  readonly url: string;
  readonly body: Uint8Array;
  readonly text: string;
}

/** Figma's own `fetch`: it goes by the manifest's list, and gives an object that is no Response. */
async function fetch(url: string, init: FetchInit = {}): Promise<unknown> {
  const { method, headers, headersObject, body } = init;
  const {
    body: bytes,
    text,
    ...rest
  } = (await ask("fetch", String(url), { method, headers: headersObject ?? headers, body })) as Fetched;
  return {
    ...rest,
    arrayBuffer: async () => bytes.slice().buffer,
    text: async () => text,
    json: async () => JSON.parse(text),
  };
}

/** A copy of what may travel: Figma's language promises the function, and its realm knows the types that messages do. */
function structuredClone(value: unknown): unknown {
  demandMessage(value, "structuredClone");
  return copied(value);
}

function copied(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, copied(entry)]));
}

/** What a bare QuickJS has and Figma's realm is not known to have. */
const surplus = [
  "performance",
  "SharedArrayBuffer",
  "Atomics",
  "queueMicrotask",
  "DOMException",
  "navigator",
  "print",
  "gc",
];

/** Makes the realm's globals. */
export function makeGlobals(figma: object): void {
  for (const name of surplus) delete (globalThis as Record<string, unknown>)[name];
  const own = {
    figma,
    console,
    setTimeout: (callback: AnyFunction, delay?: number) => start(callback, delay),
    setInterval: (callback: AnyFunction, delay?: number) => start(callback, delay, true),
    clearTimeout: stop,
    clearInterval: stop,
    fetch,
    structuredClone,
  };
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(globalThis, name, { value, enumerable: true, configurable: false, writable: false });
  }
}
