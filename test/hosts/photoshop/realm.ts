import vm from "node:vm";
import { parsePage, UxpDocument, UxpElement } from "./elements.ts";
import { HostError } from "./failure.ts";
import { isLocal } from "./manifest.ts";
import type { Plugin } from "./plugin.ts";
import { isAtLeast } from "./version.ts";

// UXP's JavaScript, played by a V8 context of Node's: nothing is in it that is not put in here. What UXP lacks (Worker,
// structuredClone, canvas pixels, code from strings …) is lacking.

/** A realm with the plugin's globals. */
export interface Realm {
  readonly document: UxpDocument;
  /** What the plugin's `window` hears. */
  dispatch(event: Event): void;
  /** Runs the plugin's main file. */
  start(): void;
  /** Runs the body of an async function in the realm and gives what it returns. */
  run(code: string): Promise<unknown>;
  /** Stops every timer. */
  end(): void;
}

const shared = {
  ...{ Uint8Array, Int8Array, Uint8ClampedArray, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array },
  ...{ Float64Array, BigInt64Array, BigUint64Array, ArrayBuffer, DataView },
  // Errors are Node's own, so that `instanceof` holds on both sides.
  ...{ Error, TypeError, RangeError, SyntaxError, EvalError },
  ...{ Event, EventTarget, AbortController, AbortSignal, TextEncoder, TextDecoder, Blob, FormData, Headers, Request },
  ...{ Response, ReadableStream, WritableStream, TransformStream, URL, atob, btoa },
};

/** Makes the realm of a plugin; `watch` hears of every change to its document's elements. */
export function openRealm(plugin: Plugin, watch: (element: UxpElement) => void): Realm {
  const { manifest, disk, version } = plugin;
  const events = new EventTarget();
  const document = new UxpDocument(watch);
  const timers = new Map<number, NodeJS.Timeout>();
  let lastTimer = 0;
  let ended = false;

  const timer = (start: (work: () => void, ms?: number) => NodeJS.Timeout, repeats: boolean) => {
    return (work: (...given: unknown[]) => void, ms?: number, ...given: unknown[]): number => {
      if (ended) return 0;
      const id = ++lastTimer;
      const run = (): void => {
        if (!repeats) timers.delete(id);
        work(...given);
      };
      timers.set(id, start(run, ms));
      return id;
    };
  };
  const stop = (id: number): void => {
    const found = timers.get(id);
    timers.delete(id);
    clearTimeout(found);
  };

  const say =
    (level: string) =>
    (...words: unknown[]): void =>
      void plugin.console.push({ level, text: words.map((one) => wordsOf(one)).join(" ") });

  const permitted = (url: unknown): string => {
    const address = String(url instanceof Request ? url.url : url);
    if (!isLocal(address) && !/^(data|blob):/.test(address) && !manifest.mayFetch(address)) {
      throw new HostError(`Permission denied to the url ${address}. Manifest entry not found.`);
    }
    return address;
  };

  const fetchFile = async (url: string | URL | Request, options?: RequestInit): Promise<Response> => {
    const address = permitted(url);
    if (isLocal(address)) return new Response(disk.read(address).slice());
    return fetch(url, options);
  };

  class CheckedSocket extends WebSocketHere {
    constructor(url: string | URL, protocols?: string | string[]) {
      permitted(url);
      super(url, protocols);
    }
  }

  const storage = (map: Map<string, string>) => ({
    get length(): number {
      return map.size;
    },
    getItem: (key: string): string | null => map.get(key) ?? null,
    setItem: (key: string, value: unknown): void => void map.set(key, String(value)),
    removeItem: (key: string): void => void map.delete(key),
    key: (index: number): string | null => [...map.keys()][index] ?? null,
    clear: (): void => map.clear(),
  });

  const clipboard = {
    writeText: async (text: unknown): Promise<void> => {
      if (manifest.clipboard !== "readAndWrite")
        throw new HostError("The manifest does not permit to write the clipboard");
      plugin.clipboard = String(text);
    },
    readText: async (): Promise<string> => {
      if (manifest.clipboard === "none") throw new HostError("The manifest does not permit to read the clipboard");
      return plugin.clipboard;
    },
  };

  const console = { log: say("log"), info: say("info"), warn: say("warn"), error: say("error"), debug: say("debug") };
  const globals: Record<string, unknown> = {
    ...shared,
    console,
    document,
    navigator: { platform: "Win32", language: "en-US", userAgent: `UXP/${version}`, clipboard },
    devicePixelRatio: 1,
    performance: { now: () => performance.now() },
    setTimeout: timer(setTimeout, false),
    setInterval: timer(setInterval, true),
    clearTimeout: stop,
    clearInterval: stop,
    requestAnimationFrame: timer((work) => setTimeout(work, 16), false),
    cancelAnimationFrame: stop,
    fetch: fetchFile,
    WebSocket: CheckedSocket,
    crypto: { getRandomValues: crypto.getRandomValues.bind(crypto), randomUUID: crypto.randomUUID.bind(crypto) },
    localStorage: storage(disk.local),
    sessionStorage: storage(new Map()),
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
    dispatchEvent: events.dispatchEvent.bind(events),
    HTMLElement: UxpElement,
    ...(isAtLeast(version, "27.4") ? { URLSearchParams } : {}),
  };
  // Code from strings is an error, as without `allowCodeGenerationFromStrings`.
  const context = vm.createContext(globals, { codeGeneration: { strings: false, wasm: true } });
  const inside = (code: string, filename = "simulator.js"): unknown => vm.runInContext(code, context, { filename });
  inside(
    "globalThis.window = globalThis.self = globalThis; delete globalThis.SharedArrayBuffer; delete globalThis.Atomics;",
  );
  // Compiling works only while the caller waits.
  inside(
    "for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) delete WebAssembly[name];",
  );

  const evaluate = (code: string, path: string): unknown => {
    const module = { exports: {} };
    const wrapped = inside(`(function (exports, require, module) {${code}\n})`, path) as (...given: unknown[]) => void;
    wrapped(module.exports, require, module);
    return module.exports;
  };
  const require = plugin.requireWith(evaluate);
  globals["require"] = require;

  return {
    document,
    dispatch: (event) => void events.dispatchEvent(event),
    start() {
      const main = `plugin:/${manifest.main}`;
      const text = new TextDecoder().decode(disk.read(main));
      if (/\.html?$/.test(manifest.main)) {
        for (const { src, text: inline } of parsePage(document, text)) {
          const path = src === null ? main : `plugin:/${src.replace(/^\.?\//, "")}`;
          // Scripts of a page share the page's scope.
          inside(src === null ? inline : new TextDecoder().decode(disk.read(path)), path);
        }
      } else {
        evaluate(text, main);
      }
      plugin.entrypoints.started();
    },
    run: async (code) => inside(`(async () => {${code}\n})()`, "code-of-the-test.js"),
    end() {
      ended = true;
      for (const found of timers.values()) clearTimeout(found);
      timers.clear();
    },
  };
}

/** Node 20 has a WebSocket only behind a flag: then connecting fails as it does offline. */
const WebSocketHere: new (url: string | URL, protocols?: string | string[]) => object =
  (globalThis as { WebSocket?: new (url: string | URL, protocols?: string | string[]) => object }).WebSocket ??
  class {
    constructor(url: string | URL) {
      throw new HostError(`There is no connection to ${String(url)}`);
    }
  };

function wordsOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
