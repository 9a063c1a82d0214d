import type { QuickJSWASMModule } from "quickjs-emscripten-core";
import type { Drawing, FigmaEditor, Hand, PluginFiles, SeenNode, SeenNotice, SeenWindow } from "../contract.ts";
import { absoluteRenderBounds } from "../render/bounds.ts";
import type { ExportSettingsImage, Rect } from "../typings.ts";
import { FigmaDocument, rootId } from "./document.ts";
import { absoluteBoundingBox, absoluteTransform, sizeOf } from "./geometry.ts";
import { make, setAll } from "./hands.ts";
import { commandsOf, type Manifest, readManifest } from "./manifest.ts";
import { Notices } from "./notices.ts";
import type { Pending } from "./pending.ts";
import { type Fetched, type FetchInit, PluginRun } from "./run.ts";
import { snapshotOf } from "./snapshot.ts";
import { ClientStorage } from "./storage.ts";
import type { Origin } from "./store.ts";
import { insert, remove } from "./tree.ts";
import type { OpenFrames } from "./window.ts";

// The simulated editor without its shell: a document, a person's hands, and a plugin that runs or does not. Frames, the
// network and where QuickJS comes from are given by the shell (index.ts in Node, page/page.ts in Chromium).

/** What a shell gives. */
export interface Shell {
  /** Gives a QuickJS of its own to each run. */
  readonly openQuickjs: () => Promise<QuickJSWASMModule>;
  readonly prelude: string;
  readonly openFrames: OpenFrames;
  readonly fetch: (url: string, init: FetchInit) => Promise<Fetched>;
  readonly setTheme: (theme: "light" | "dark") => void;
  /** Counts what frames have on their way, too. */
  readonly pending: Pending;
}

const originOf = (hand: Hand = "me"): Origin => (hand === "me" ? "LOCAL" : "REMOTE");

/** The simulated editor. */
export class Editor implements FigmaEditor {
  readonly document = new FigmaDocument();
  readonly manifest: Manifest;
  readonly #files: PluginFiles;
  readonly #shell: Shell;
  readonly #storage = new ClientStorage();
  readonly #notices = new Notices();
  readonly #pending: Pending;
  readonly #log: { level: string; text: string }[] = [];
  #run: PluginRun | null = null;

  constructor(files: PluginFiles, shell: Shell) {
    this.#files = files;
    this.#shell = shell;
    this.#pending = shell.pending;
    this.manifest = readManifest(files.manifest);
  }

  async draw(drawing: Drawing, options: Parameters<FigmaEditor["draw"]>[1] = {}): Promise<string> {
    const { parent = this.document.currentPage, index, by } = options;
    const origin = originOf(by);
    return this.#step(origin, () => {
      const id = make(this.document.store, drawing, parent, origin);
      if (index !== undefined) insert(this.document.store, "draw", parent, index, id, origin);
      return id;
    });
  }

  async addImage(bytes: Uint8Array): Promise<string> {
    return this.document.images.add(bytes, "addImage");
  }

  async image(hash: string): Promise<Uint8Array | null> {
    return this.document.images.bytes(hash) ?? null;
  }

  async edit(id: string, properties: Readonly<Record<string, unknown>>, by?: Hand): Promise<void> {
    this.#step(originOf(by), () => setAll(this.document.store, id, properties, originOf(by)));
  }

  async move(id: string, parent: string, index: number, by?: Hand): Promise<void> {
    this.#step(originOf(by), () => insert(this.document.store, "move", parent, index, id, originOf(by)));
  }

  async remove(ids: readonly string[], by?: Hand): Promise<void> {
    this.#step(originOf(by), () => {
      for (const id of ids) if (this.document.store.find(id)) remove(this.document.store, id, originOf(by));
    });
  }

  async select(ids: readonly string[]): Promise<void> {
    this.document.select(ids, this.document.currentPage, "select");
  }

  async selection(): Promise<readonly string[]> {
    return this.document.selection();
  }

  async addPage(name: string): Promise<string> {
    return this.#step("LOCAL", () => this.document.addPage(name, "LOCAL"));
  }

  async openPage(id: string): Promise<void> {
    if (this.document.store.at(id).type !== "PAGE") throw new Error(`"${id}" is no page.`);
    this.document.currentPage = id;
  }

  async currentPage(): Promise<string> {
    return this.document.currentPage;
  }

  async pages(): Promise<readonly string[]> {
    return this.document.store.children(rootId);
  }

  async node(id: string): Promise<SeenNode | null> {
    const { store } = this.document;
    const node = store.find(id);
    if (!node) return null;
    const { name, parent, visible, locked, pluginData, relaunch, ...others } = node.fields;
    const { order: _, width: __, height: ___, transform: ____, ...properties } = others;
    const isScene = node.type !== "PAGE" && node.type !== "DOCUMENT";
    const prefix = `${this.manifest.id}/`;
    const own = Object.entries(pluginData).filter(([key]) => key.startsWith(prefix));
    return {
      id,
      type: node.type,
      name,
      parent,
      children: store.children(id),
      visible: visible !== false,
      locked: locked === true,
      ...sizeOf(store, id),
      absoluteTransform: absoluteTransform(store, id),
      absoluteBoundingBox: isScene ? absoluteBoundingBox(store, id) : null,
      absoluteRenderBounds: isScene ? absoluteRenderBounds(store, id) : null,
      properties,
      pluginData: Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
      relaunch: relaunch[this.manifest.id] ?? {},
    };
  }

  export(id: string, settings: Partial<ExportSettingsImage> = {}): Promise<Uint8Array> {
    return this.document.export(id, { format: "PNG", ...settings });
  }

  picture(area: Rect): Promise<Uint8Array> {
    return this.document.picture(area);
  }

  async undo(): Promise<void> {
    this.document.history.undo();
  }

  async redo(): Promise<void> {
    this.document.history.redo();
  }

  async undoSteps(): Promise<number> {
    return this.document.history.steps;
  }

  async snapshot(): Promise<string> {
    return snapshotOf(this.document);
  }

  async runCommand(command?: string): Promise<void> {
    const commands = commandsOf(this.manifest.menu);
    const wanted = command ?? commands[0] ?? "";
    if (commands.length > 0 ? !commands.includes(wanted) : wanted !== "") {
      throw new Error(`The plugin's menu has no command "${wanted}".`);
    }
    await this.#start(wanted);
  }

  async relaunch(command: string): Promise<void> {
    const buttons = await this.relaunchButtons();
    if (!buttons.some((button) => button.command === command)) {
      throw new Error(`The selection shows no button for "${command}".`);
    }
    await this.#start(command);
  }

  async relaunchButtons(): ReturnType<FigmaEditor["relaunchButtons"]> {
    const selected = this.document.selection();
    const data = selected.map((id) => this.document.store.at(id).fields.relaunch[this.manifest.id] ?? {});
    return this.manifest.relaunchButtons.flatMap(({ command, name, multipleSelection = false }) => {
      const shown = data.length === 1 || (multipleSelection && data.length > 1);
      const descriptions = data.map((one) => one[command]);
      return shown && descriptions.every((text) => text !== undefined)
        ? [{ command, name, description: descriptions[0] ?? "" }]
        : [];
    });
  }

  async closePlugin(): Promise<void> {
    this.#run?.close();
  }

  async isRunning(): Promise<boolean> {
    return this.#run !== null;
  }

  async window(): Promise<SeenWindow | null> {
    const window = this.#run?.window;
    if (!window) return null;
    const { visible, width, height } = window.placement;
    return { visible, width, height, title: window.title };
  }

  async setTheme(theme: "light" | "dark"): Promise<void> {
    this.#shell.setTheme(theme);
  }

  async notices(): Promise<readonly SeenNotice[]> {
    return this.#notices.all.map(({ id, notice: { message, error = false, button = null } }) => ({
      id,
      message,
      error,
      button,
    }));
  }

  async pressNotice(id: number): Promise<void> {
    this.#notices.press(id);
  }

  async dismissNotice(id: number): Promise<void> {
    this.#notices.remove(id, "dismiss");
  }

  async log(): Promise<readonly { readonly level: string; readonly text: string }[]> {
    return [...this.#log];
  }

  settled(): Promise<void> {
    return this.#pending.settled();
  }

  async close(): Promise<void> {
    this.#run?.close();
    this.#notices.clear();
  }

  async #start(command: string): Promise<void> {
    this.#run?.close();
    const { main, html } = this.#files;
    const { openQuickjs, prelude, openFrames, fetch } = this.#shell;
    const module = await openQuickjs();
    const run = new PluginRun({
      module,
      prelude,
      main,
      html,
      manifest: this.manifest,
      command,
      document: this.document,
      storage: this.#storage,
      notices: this.#notices,
      pending: this.#pending,
      openFrames,
      fetch,
      log: (level, text) => void this.#log.push({ level, text }),
      onClose: () => {
        this.#run = null;
      },
    });
    // A plugin may close itself while it starts.
    this.#run = run.isClosed ? null : run;
  }

  /** What a person does is one step of the history; what the plugin has not committed yet was one before it. */
  #step<T>(origin: Origin, act: () => T): T {
    if (origin === "LOCAL") this.document.history.commit();
    const result = act();
    if (origin === "LOCAL") this.document.history.commit();
    return result;
  }
}
