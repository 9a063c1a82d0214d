import { Engine, type EngineLike } from "@underdraw/engine";
import { connectEngine } from "@underdraw/engine/worker";
import { connectHost, type HostAdapter } from "@underdraw/sdk";
import { type Port, serveHost } from "@underdraw/sdk/host";
import { mountPanel } from "@underdraw/sdk/panel";
import { fakeHost, portPair } from "@underdraw/sdk/testing";
import { type Subject, subject } from "./panel-picture.ts";

// The page of bench/panel.ts: the panel with an editor in memory, in which layer after layer is selected. It notes when
// the editor was told to, when the panel asked for the picture and had it, when it asked for the map and had it, and when
// the frame with the map in it was painted.

/** What is to be measured. */
export interface LiveOrder {
  /** Where the engine runs. */
  readonly engine: "worker" | "page";
  /** How the panel reaches the editor: itself, or behind a port. */
  readonly host: "direct" | Port["carries"];
  readonly subject: Subject;
  /** The picture's width and height. */
  readonly side: number;
  readonly changes: number;
  /** Changes before those that count. */
  readonly warmUp: number;
}

/** How long the parts of one change took, in milliseconds; they follow each other without a gap. */
export interface LiveChange {
  /** From the change to the panel's asking: it waits for the gesture's end. */
  readonly quiet: number;
  readonly capture: number;
  /** What the panel looks at before it asks for the map. */
  readonly look: number;
  readonly extract: number;
  /** From the map's arrival until the frame that shows it was painted. */
  readonly paint: number;
  /** The longest task on the page's thread of those above 50 ms, 0 without any. */
  readonly longTask: number;
}

/** What the page offers to the script that drives it. */
export interface LivePage {
  measureLive(order: LiveOrder): Promise<readonly LiveChange[]>;
}

/** Long enough for the panel to come to rest, and for late entries of long tasks. */
const restMs = 300;

/** How long a change may take. */
const limitMs = 20_000;

const rest = (): Promise<void> => new Promise((done) => setTimeout(done, restMs));

const engines = {
  worker: () => connectEngine(() => new Worker(new URL("./panel-worker.js", import.meta.url), { type: "module" })),
  page: () => new Engine({ runtime: { assets: new URL("./ort/", import.meta.url).href } }),
};

async function measureLive(order: LiveOrder): Promise<readonly LiveChange[]> {
  const { side } = order;
  const editor = fakeHost({ width: side, height: side });
  const layers: string[] = [];
  for (let number = 0; number < 4; number++) {
    await editor.kit.select(subject(order.subject, side, number), { x: 0, y: 0, width: side, height: side });
    layers.push(...(await editor.kit.layers()).slice(-1));
  }
  await editor.kit.deselect();
  const engine = engines[order.engine]();
  await engine.device();
  const [host, leave] = await reach(editor, order.host);
  const clock = new Clock();
  const root = document.body.appendChild(document.createElement("main"));
  const panel = mountPanel(root, { host: clock.host(host), engine: clock.engine(engine), language: "en" });
  await rest();
  const measured: LiveChange[] = [];
  for (let n = 0; n < order.warmUp + order.changes; n++) {
    const change = await clock.change(() => editor.kit.choose(layers[n % layers.length] ?? ""));
    if (n >= order.warmUp) measured.push(change);
  }
  await panel.dispose();
  root.remove();
  leave();
  await engine.dispose();
  return measured;
}

async function reach(editor: HostAdapter, way: LiveOrder["host"]): Promise<[HostAdapter, () => void]> {
  if (way === "direct") return [editor, () => undefined];
  const { panel, host, close } = portPair({ carries: way });
  serveHost(editor, host);
  return [await connectHost(panel), () => close()];
}

/** Notes the moments of a change at the panel's borders: its host, its engine, its canvas. */
class Clock {
  readonly #tasks: number[] = [];
  readonly #observer: PerformanceObserver;
  /** When the panel asked for the picture, had it, asked for the map, had it: the last time of each. */
  #moments: number[] = [];
  #map: Uint8ClampedArray | null = null;

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      this.#tasks.push(...list.getEntries().map(({ duration }) => duration));
    });
    this.#observer.observe({ type: "longtask" });
  }

  host(host: HostAdapter): HostAdapter {
    return {
      ...host,
      capture: async (...given) => {
        this.#moments = [performance.now()];
        const capture = await host.capture(...given);
        this.#moments.push(performance.now());
        return capture;
      },
    };
  }

  engine(engine: EngineLike): EngineLike {
    return {
      device: () => engine.device(),
      load: (...given) => engine.load(...given),
      dispose: () => engine.dispose(),
      [Symbol.asyncDispose]: () => engine.dispose(),
      extract: async (...given) => {
        this.#moments.push(performance.now());
        const map = await engine.extract(...given);
        this.#moments.push(performance.now());
        this.#map = map.pixels.data;
        return map;
      },
    };
  }

  /** Makes a change in the editor and waits until its map is painted. */
  async change(change: () => Promise<void>): Promise<LiveChange> {
    this.#tasks.length = 0;
    const painted = this.#painted();
    const changed = performance.now();
    await change();
    const end = await painted;
    await rest();
    const [asked, captured, sought, found] = this.#moments;
    if (asked === undefined || captured === undefined || sought === undefined || found === undefined)
      throw new Error(`The panel painted a map after ${this.#moments.length} of 4 moments.`);
    if (!this.#map?.some((value, at) => at % 4 === 0 && value > 0)) throw new Error("There is no line in the map.");
    return {
      quiet: asked - changed,
      capture: captured - asked,
      look: sought - captured,
      extract: found - sought,
      paint: end - found,
      longTask: Math.max(0, ...this.#tasks),
    };
  }

  /** The time when the next map that the engine gives is in a frame: the first task after the frame's callbacks. */
  #painted(): Promise<number> {
    const prototype = CanvasRenderingContext2D.prototype;
    const put = prototype.putImageData;
    this.#map = null;
    return new Promise<number>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`No map was painted within ${limitMs} ms.`)), limitMs);
      const isMap = (image: ImageData, { canvas }: CanvasRenderingContext2D): boolean =>
        image.data === this.#map && canvas.closest(".ud-hero") !== null;
      prototype.putImageData = function (this: CanvasRenderingContext2D, ...given: Parameters<typeof put>): void {
        put.apply(this, given);
        if (!isMap(given[0], this)) return;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          clearTimeout(late);
          port1.close();
          resolve(performance.now());
        };
        requestAnimationFrame(() => port2.postMessage(null));
      } as typeof put;
    }).finally(() => {
      prototype.putImageData = put;
    });
  }
}

Object.assign(globalThis, { measureLive } satisfies LivePage);
