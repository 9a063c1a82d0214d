import type { QuickJSWASMModule } from "quickjs-emscripten-core";
import { summarize } from "./changes.ts";
import { type FigmaDocument, rootId } from "./document.ts";
import { figmaCalls } from "./figma-calls.ts";
import { type Manifest, refuseText } from "./manifest.ts";
import { type Caller, callMember, getMember, setMember } from "./node-calls.ts";
import type { Notices } from "./notices.ts";
import type { Pending } from "./pending.ts";
import { Realm } from "./realm.ts";
import type { ClientStorage } from "./storage.ts";
import type { Change } from "./store.ts";
import { type OpenFrames, PluginWindow, type WindowOptions } from "./window.ts";

// One run of the plugin, from its start by a command until it is closed: its realm, its window, its timers, the pages it
// has loaded, and the events it is told of.

/** What the plugin's `fetch` gets from the platform. */
export interface Fetched {
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

/** How main asks the network. */
export interface FetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** What a run is made of. */
export interface RunParts {
  readonly module: QuickJSWASMModule;
  /** The script that makes Figma's realm of a bare one. */
  readonly prelude: string;
  readonly main: string;
  readonly html: string | Readonly<Record<string, string>> | undefined;
  readonly manifest: Manifest;
  readonly command: string;
  readonly document: FigmaDocument;
  readonly storage: ClientStorage;
  readonly notices: Notices;
  readonly pending: Pending;
  readonly openFrames: OpenFrames;
  readonly fetch: (url: string, init: FetchInit) => Promise<Fetched>;
  readonly log: (level: string, text: string) => void;
  /** Called when the run is over. */
  readonly onClose: () => void;
}

/** One run of a plugin. */
export class PluginRun implements Caller {
  readonly parts: RunParts;
  readonly #realm: Realm;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  readonly #loaded: Set<string>;
  readonly #fonts = new Set<string>();
  readonly #stops: (() => void)[] = [];
  #changes: Change[] = [];
  #selectionWaits = false;
  #allLoaded = false;
  #closed = false;
  #window: PluginWindow | null = null;

  /** Starts the plugin. Throws what its main throws. */
  constructor(parts: RunParts) {
    this.parts = parts;
    const { module, prelude, main, html, document, command, pending } = parts;
    refuseText(main);
    this.#loaded = new Set([document.currentPage]);
    this.#realm = new Realm(
      module,
      prelude,
      (call, args) => this.#answer(call, args),
      (promise) => void pending.track(promise),
    );
    if (typeof html === "string") this.#realm.setGlobal("__html__", html);
    else if (html) this.#realm.setGlobal("__uiFiles__", html);
    this.#stops.push(
      document.onSelectionChange(() => this.#selectionChanged()),
      document.onPageChange(() => {
        this.load(document.currentPage);
        this.#later("currentpagechange");
      }),
      document.onChange((change) => this.#changed(change)),
    );
    try {
      this.#realm.evaluate(main, "PLUGIN_1_SOURCE");
    } catch (error) {
      this.close();
      throw error;
    }
    this.#later("run", { command });
  }

  get document(): FigmaDocument {
    return this.parts.document;
  }

  get pluginId(): string {
    return this.parts.manifest.id;
  }

  get window(): PluginWindow | null {
    return this.#window;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Tells the realm of an event now, and gives what the listeners said. */
  emit(type: string, event?: unknown, page?: string): readonly boolean[] {
    return (this.#realm.tell({ kind: "event", type, event, ...(page === undefined ? {} : { page }) }) ??
      []) as readonly boolean[];
  }

  /** Calls a function that the plugin gave; false when it gives false. */
  callBack(callback: number, argument?: unknown): unknown {
    return this.#closed ? undefined : this.#realm.tell({ kind: "callback", callback, argument });
  }

  load(page: string): void {
    this.#loaded.add(page);
  }

  loadAll(): void {
    this.#allLoaded = true;
  }

  get hasAllLoaded(): boolean {
    return this.#allLoaded;
  }

  demandLoaded(id: string, where: string, member: string): void {
    const { type } = this.document.store.at(id);
    if (this.#allLoaded) return;
    if (type === "DOCUMENT" && member.startsWith("method `find")) {
      throw new Error(
        `in ${where}: Cannot call with documentAccess: dynamic-page without calling figma.loadAllPagesAsync() first.`,
      );
    }
    if (type === "PAGE" && !this.#loaded.has(id)) {
      throw new Error(
        `in ${where}: Cannot access ${member} on a page that has not been explicitly loaded. Remember to call \`await page.loadAsync()\` or \`await figma.loadAllPagesAsync()' first.`,
      );
    }
  }

  addFont(font: unknown): void {
    this.#fonts.add(JSON.stringify(font));
  }

  hasFont(font: unknown): boolean {
    return this.#fonts.has(JSON.stringify(font));
  }

  /** Opens the window; one that is open closes. */
  showUI(html: string, options: WindowOptions): void {
    const { openFrames, manifest, pending, log } = this.parts;
    this.#window?.close();
    const window = new PluginWindow(
      html,
      options,
      openFrames,
      manifest,
      (message, origin) =>
        pending.later(() => {
          if (!this.#closed && this.#window === window) this.#realm.tell({ kind: "message", message, origin });
        }),
      (why) => log("error", why),
    );
    this.#window = window;
  }

  closeUI(): void {
    this.#window?.close();
    this.#window = null;
  }

  /** Ends the run: listeners of `close` are called, then nothing of the plugin is left. What it did is one undo step. */
  close(): void {
    if (this.#closed) return;
    this.emit("close");
    this.#closed = true;
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.closeUI();
    this.parts.notices.removeButtons();
    this.document.history.commit();
    this.parts.onClose();
    // The plugin's own code may be what closes it: what runs now runs to its end, and nothing after it.
    this.#realm.end();
  }

  #answer(call: string, args: readonly unknown[]): unknown {
    if (call === "log") return this.parts.log(args[0] as string, args[1] as string);
    if (this.#closed) {
      const what = call === "get" || call === "set" || call === "call" ? args[1] : call;
      throw new Error(`in ${what}: The plugin has been closed`);
    }
    const [first, second, third] = args;
    switch (call) {
      case "get":
        return getMember(this, first as string, second as string);
      case "set":
        return setMember(this, first as string, second as string, third);
      case "call":
        return callMember(this, first as string, second as string, third as readonly unknown[]);
      case "timer":
        return this.#startTimer(first as number, second as number, third as boolean);
      case "stopTimer":
        return this.#stopTimer(first as number);
      default: {
        const known = Object.hasOwn(figmaCalls, call) ? figmaCalls[call] : undefined;
        if (!known) throw new Error(`The simulator has no call ${call}.`);
        return known(this, args);
      }
    }
  }

  #startTimer(timer: number, delay: number, repeats: boolean): void {
    const run = (): void => {
      if (repeats) this.#startTimer(timer, delay, true);
      else this.#timers.delete(timer);
      this.#realm.tell({ kind: "timer", timer });
    };
    this.#timers.set(timer, setTimeout(run, delay));
  }

  #stopTimer(timer: number): void {
    clearTimeout(this.#timers.get(timer));
    this.#timers.delete(timer);
  }

  #later(type: string, event?: unknown): void {
    this.parts.pending.later(() => {
      if (!this.#closed) this.emit(type, event);
    });
  }

  /** However often the selection changes at once, it is told once. */
  #selectionChanged(): void {
    if (this.#selectionWaits) return;
    this.#selectionWaits = true;
    this.parts.pending.later(() => {
      this.#selectionWaits = false;
      if (!this.#closed) this.emit("selectionchange");
    });
  }

  #changed(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length > 1) return;
    this.parts.pending.later(() => {
      const changes = summarize(this.document.store, this.#changes);
      this.#changes = [];
      if (this.#closed || changes.length === 0) return;
      const told = ({ page: _, ...change }: (typeof changes)[number]): object => change;
      for (const page of this.document.store.children(rootId)) {
        const own = changes.filter((change) => change.page === page && change.id !== page).map(told);
        if (own.length > 0 && !this.#closed) this.emit("nodechange", { nodeChanges: own }, page);
      }
      if (this.#allLoaded && !this.#closed) this.emit("documentchange", { documentChanges: changes.map(told) });
    });
  }
}
