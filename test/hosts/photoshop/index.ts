// A Photoshop that refuses. It runs a UXP plugin's real bundle against a document model with Photoshop's rules, where each
// known trap bites: what a plugin must not do fails here as there. It paints no interface and is no image editor: it
// knows what a plugin can ask for, and refuses the rest by name. Nothing here ran inside Photoshop; what no document
// tells is an option.
//
// How a test uses it:
//
//   const ps = await openPhotoshop({ plugin: "plugins/photoshop/out/plugin", version: "26.0" });
//     plugin: a folder with manifest.json, or { manifest, files: { "main.js": code, "webview/index.html": … } }
//   const doc = ps.open({ width: 640, height: 480, depth: 16, layers: [{ name: "Fox", bounds, fill: [255, 0, 0, 255] }] });
//     layers: top first, as in the Layers panel and in `document.layers`; gives the document's id
//   ps.select({ left, top, right, bottom } | { ellipse: box } | { mask, box } | null, { feather: 4 });
//   ps.activate("Fox"); ps.paint("Fox", box, [0, 0, 255, 255]); ps.show("Fox", false); ps.lock("Fox", { all: true });
//   ps.undo(); ps.redo(); ps.history;         // { names, current }
//   ps.snapshot();                            // a fingerprint of every byte of the document: equal means identical
//   ps.layers; ps.layer("Fox"); ps.picture(); // what is there, and what is seen
//   await ps.showPanel();                     // create once, show once, hide never
//   const page = await ps.page();             // the page in the plugin's <webview>, once it is loaded. In Node the test is
//   page.listen(handler); page.post(message); //   the page: JSON only, handler gets { data, origin: plugin id }; what
//   page.port(); page.reload();               //   arrives before `listen` is lost. `port()` suits `connectHost`
//   await ps.run("return require('photoshop').app.documents.length"); // any code in the plugin's realm
//   ps.busy("com.other.plugin");              // another plugin's modal scope, until the function it gives back is called
//   ps.engage("transform");                   // the editor itself is modal, the same way
//   ps.cancelModal(3);                        // Escape just before the third host call of the next modal scope
//   ps.playAction(); ps.close(doc); ps.resize(doc, 90, 80); ps.changeMode(doc, "CMYKColorMode"); ps.switchTo(doc);
//   ps.fail("putPixels");                     // the next call of that name fails
//   ps.leaks; ps.problems;                    // image data not disposed of, and what nobody would see; good tests end
//                                             //   with none of either
//   const again = await openPhotoshop({ plugin, disk: ps.disk }); // Photoshop restarted: session tokens are dead
//   await ps.quit();
//
// In Chromium: `openPhotoshopPage(browser, options)` of browser.ts has the same object in the page, as `photoshop`. The
// plugin that is built, behind its bridge, is in kit.ts.

import type { Manners } from "./application.ts";
import { decodePicture, encodeJpeg } from "./codecs.ts";
import { Disk } from "./disk.ts";
import type { UxpElement } from "./elements.ts";
import { readManifest } from "./manifest.ts";
import { type Bridge, Page, pipe } from "./page.ts";
import { within } from "./pause.ts";
import { Plugin } from "./plugin.ts";
import { filesOf, type PluginFiles } from "./plugin-files.ts";
import { readPsd, writePsd } from "./psd.ts";
import { openRealm, type Realm } from "./realm.ts";
import { Photoshop } from "./simulator.ts";
import type { PickerAnswers } from "./storage.ts";

/** How Photoshop is opened. */
export interface PhotoshopOptions {
  /** A folder with a manifest.json, or the same in words. */
  readonly plugin: string | PluginFiles;
  /** From "26.0", which it is without it, to "27.4". */
  readonly version?: string;
  readonly locale?: string;
  readonly bridge?: Bridge;
  /** Files and storage of an earlier run. */
  readonly disk?: Disk;
  /** What the person picks, in order; null cancels. */
  readonly pickers?: PickerAnswers;
  /** What the person says when asked to open an address. Yes without it. */
  readonly consent?: (url: string) => boolean;
  /** UXP Developer Tool's developer mode. */
  readonly developer?: boolean;
  /** How Photoshop behaves where nothing tells. */
  readonly manners?: Partial<Manners>;
}

/** Photoshop in Node: the plugin runs in a realm of UXP's globals, and the test plays the page in its webview. */
export class NodePhotoshop extends Photoshop {
  readonly disk: Disk;
  readonly #realm: Realm;
  readonly #bridge: Bridge;
  readonly #pages = new Map<UxpElement, Page>();
  readonly #loading = new Map<UxpElement, string>();
  #waiting: ((page: Page) => void)[] = [];

  constructor(options: PhotoshopOptions) {
    const disk = options.disk ?? new Disk();
    disk.clearTemporary();
    for (const path of [...disk.files.keys()]) if (path.startsWith("plugin:/")) disk.files.delete(path);
    for (const [path, bytes] of filesOf(options.plugin)) disk.files.set(`plugin:/${path}`, bytes);
    const { version = "26.0", locale = "en_US", developer = false, manners = {}, pickers = [] } = options;
    const manifest = readManifest(new TextDecoder().decode(disk.read("plugin:/manifest.json")), version);
    const consent = options.consent ?? (() => true);
    const settings = { manifest, disk, version, locale, developer, manners, pickers: [...pickers], consent };
    let realm: Realm | null = null;
    const panelRoot = (): object => {
      const root = realm?.document.createElement("uxp-panel") as UxpElement;
      realm?.document.body.appendChild(root);
      return root;
    };
    super(new Plugin(settings, { encodeJpeg, readPicture: decodePicture, readPsd, writePsd, panelRoot }));
    this.disk = disk;
    this.#bridge = options.bridge ?? {};
    realm = openRealm(this.plugin, (element) => this.#watch(element));
    this.#realm = realm;
    realm.start();
  }

  /** Runs the body of an async function in the plugin's realm; it has the plugin's globals and `require`. */
  async run<T = unknown>(code: string): Promise<T> {
    return (await this.#realm.run(code)) as T;
  }

  /** The plugin's document, with the few elements that it shows outside of the page. */
  get uxp() {
    return this.#realm.document;
  }

  override async showPanel(id?: string): Promise<void> {
    await super.showPanel(id);
    this.#realm.document.dispatchEvent(new Event("uxpshowpanel"));
  }

  /** The page of the plugin's webview, once it is loaded. */
  async page(limitMs = 2000): Promise<Page> {
    const [there] = [...this.#pages.values()].slice(-1);
    const page = there ?? (await within(new Promise<Page>((done) => this.#waiting.push(done)), limitMs, null));
    if (!page) throw new Error(`No page was loaded in ${limitMs} ms. ${this.problems.join("; ")}`);
    return page;
  }

  /** Photoshop is quit: callbacks run, timers stop, image data is gone. */
  async quit(): Promise<void> {
    await this.plugin.entrypoints.destroy();
    for (const page of this.#pages.values()) page.end("Photoshop was quit.");
    this.#pages.clear();
    this.#realm.end();
  }

  #watch(element: UxpElement): void {
    if (element.localName !== "webview") return;
    const url = element.getAttribute("src");
    if (!element.isConnected) {
      this.#pages.get(element)?.end("The webview was taken out of the document.");
      this.#pages.delete(element);
      this.#loading.delete(element);
      return;
    }
    if (url === null || this.#loading.get(element) === url) return;
    this.#loading.set(element, url);
    void this.#load(element, url);
  }

  async #load(element: UxpElement, url: string): Promise<void> {
    this.#pages.get(element)?.end("The webview went to another page.");
    this.#pages.delete(element);
    const fire = (type: string, more: object): void =>
      void element.dispatchEvent(Object.assign(new Event(type), { url, ...more }));
    const toPage = pipe(this.#bridge);
    Object.assign(element, {
      postMessage: (message: unknown): void => {
        if (!this.plugin.manifest.mayTalk(url)) throw new Error("The manifest does not permit the message bridge");
        // The page that is there when the message arrives, not when it is sent.
        toPage(message, (data) => this.#pages.get(element)?.arrive(data));
      },
    });
    await within(new Promise<never>(() => {}), this.#bridge.latencyMs ?? 2, null);
    const refusal = this.plugin.manifest.webviewRefusal(url) ?? this.#missing(url);
    this.#loading.delete(element);
    if (refusal !== null) return fire("loaderror", { code: -1, message: refusal });
    this.#loading.set(element, url);
    fire("loadstart", {});
    this.#show(element, url);
    fire("loadstop", {});
  }

  #missing(url: string): string | null {
    if (!url.startsWith("plugin")) return null;
    return this.disk.files.has(url) ? null : `There is no file ${url}`;
  }

  #show(element: UxpElement, url: string): void {
    const toPlugin = pipe(this.#bridge);
    const arrive = (data: unknown): void => {
      const more = { data, origin: url, source: element };
      if (element.isConnected) this.#realm.dispatch(Object.assign(new Event("message"), more));
    };
    const post = (message: unknown): void => {
      if (!this.plugin.manifest.mayTalk(url)) throw new Error("The manifest does not permit the message bridge");
      toPlugin(message, arrive);
    };
    const page = new Page(url, this.plugin.manifest.id, post, () => this.#show(element, url));
    this.#pages.set(element, page);
    for (const waiting of this.#waiting) waiting(page);
    this.#waiting = [];
  }
}

/** Opens Photoshop with one plugin, whose main file has run when it is there. */
export async function openPhotoshop(options: PhotoshopOptions): Promise<NodePhotoshop> {
  return new NodePhotoshop(options);
}

export type { PluginFiles };
