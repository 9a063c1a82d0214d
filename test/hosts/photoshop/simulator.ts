import { type Bounds, boxOf } from "./bounds.ts";
import { composite } from "./composite.ts";
import { inMode, onCanvas } from "./document-edit.ts";
import type { OpenDocument } from "./history.ts";
import type { Progress } from "./modality.ts";
import type { Plugin } from "./plugin.ts";
import { selectionEvent } from "./selection-dom.ts";
import {
  type Area,
  type DocumentSpec,
  documentFrom,
  type Filling,
  type LayerSpec,
  layerFrom,
  painted,
  type Seen,
  seenOf,
  selectionFrom,
} from "./specification.ts";
import {
  canvasOf,
  type DocumentState,
  documentPrint,
  everyLayer,
  insertLayers,
  type LayerState,
  type Locks,
  layerBounds,
  type Mode,
  withLayer,
  withoutLayer,
} from "./state.ts";

// The person at Photoshop, and the eye on it, in the hands of a test. What a person could not do now (while a plugin is
// modal) throws.

/** A layer as a test sees it. */
export interface SeenLayer {
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  readonly visible: boolean;
  /** In per cent. */
  readonly opacity: number;
  readonly locks: Locks;
  readonly clipped: boolean;
  readonly background: boolean;
  /** Null where it has no pixels. */
  readonly bounds: Bounds | null;
  /** The name of the group it is in. */
  readonly parent: string | null;
  readonly pixels: Seen | null;
  /** Null without a mask. `outside` is what it holds around its box. */
  readonly mask: (Seen & { readonly outside: number }) | null;
  readonly settings: LayerState["settings"];
  /** For a group: the names in it, top first. */
  readonly layers: readonly string[] | null;
}

/** Photoshop with one plugin. */
export class Photoshop {
  readonly plugin: Plugin;

  constructor(plugin: Plugin) {
    this.plugin = plugin;
  }

  get #app() {
    return this.plugin.app;
  }

  #person(document?: number): OpenDocument {
    const { scope } = this.#app.modality;
    if (scope) throw new Error(`"${scope.commandName}" is modal: a person can do nothing now but press Escape.`);
    return this.#app.document(document);
  }

  #find(name: string, document?: number): LayerState {
    const open = this.#app.document(document);
    const found = this.#app.allLayers(open).find((layer) => layer.name === name);
    if (!found)
      throw new Error(`There is no layer "${name}"; there are ${this.layers.map((one) => one.name).join(", ")}.`);
    return found;
  }

  // What a person does.

  /** Opens a document, in front of all others, and gives its id. */
  open(spec: DocumentSpec): number {
    return this.#app.open(spec.name ?? "Untitled-1", documentFrom(this.#app, spec)).id;
  }

  /** Opens a document that was read from a file. */
  openState(name: string, state: DocumentState): number {
    return this.#app.open(name, state).id;
  }

  /** Closes a document without saving, and gives nothing back. */
  close(document?: number): void {
    this.#app.close(this.#person(document));
  }

  /** Brings a document to the front. */
  switchTo(document: number): void {
    this.#app.activeDocument = this.#person(document);
    this.#app.notifications.tell("select", { _obj: "select", _target: [{ _ref: "document", _id: document }] });
  }

  /** Image > Canvas Size, from the top left corner. */
  resize(document: number, width: number, height: number): void {
    const open = this.#person(document);
    const state = onCanvas(open.state, boxOf(0, 0, width, height));
    this.#app.change(open, "Canvas Size", state, { _obj: "canvasSize", documentID: document });
  }

  /** Image > Mode. */
  changeMode(document: number, mode: Mode): void {
    const open = this.#person(document);
    this.#app.change(open, "Convert Mode", inMode(open.state, mode), { _obj: "convertMode", documentID: document });
  }

  /** Turns Quick Mask on or off. */
  quickMask(on: boolean): void {
    const open = this.#person();
    this.#app.change(open, on ? "Enter Quick Mask" : "Exit Quick Mask", { ...open.state, quickMask: on });
  }

  /** Makes a selection; null deselects. */
  select(area: Area | null, { feather = 0 }: { readonly feather?: number } = {}): void {
    const open = this.#person();
    const selection = selectionFrom(area, feather);
    const name = selection ? "Rectangular Marquee" : "Deselect";
    this.#app.change(open, name, { ...open.state, selection }, selectionEvent("set"));
  }

  /** Clicks on layers in the Layers panel; on none leaves no layer active. */
  activate(...names: readonly string[]): void {
    this.activateIds(names.map((name) => this.#find(name).id));
  }

  /** The same by ids. */
  activateIds(active: readonly number[]): void {
    const open = this.#person();
    for (const id of active) this.#app.layer(open, id);
    this.#app.note(open, { ...open.state, active }, { _obj: "select", _target: [{ _ref: "layer" }] });
  }

  /** Paints a box of a layer. */
  paint(name: string, box: Bounds, filling: Filling): void {
    const open = this.#person();
    const layer = this.#find(name);
    if (!layer.pixels) throw new Error(`Nobody can paint on "${name}", a layer of kind "${layer.kind}".`);
    const pixels = painted(layer.pixels, box, filling);
    this.#app.change(open, "Brush Tool", withLayer(open.state, layer.id, { pixels }));
  }

  /** Puts a new layer on top of the document, as pasting does, and makes it the active one. */
  add(spec: LayerSpec): number {
    const open = this.#person();
    const layer = layerFrom(this.#app, open.state, spec);
    const state = { ...insertLayers(open.state, null, 0, [layer]), active: [layer.id] };
    this.#app.change(open, "Paste", state, { _obj: "make", _target: [{ _ref: "layer" }] });
    return layer.id;
  }

  /** Shows or hides a layer. */
  show(name: string, visible: boolean): void {
    const open = this.#person();
    const state = withLayer(open.state, this.#find(name).id, { visible });
    this.#app.note(open, state, { _obj: visible ? "show" : "hide" });
  }

  /** Locks a layer, or takes its locks off. */
  lock(name: string, locks: Partial<Locks>): void {
    const open = this.#person();
    const layer = this.#find(name);
    this.#app.change(open, "Layer Locking", withLayer(open.state, layer.id, { locks: { ...layer.locks, ...locks } }));
  }

  /** Throws a layer away. */
  remove(name: string): void {
    const open = this.#person();
    const state = withoutLayer(open.state, this.#find(name).id);
    this.#app.change(open, "Delete Layer", state, { _obj: "delete", _target: [{ _ref: "layer" }] });
  }

  /** One step back; false when there is none. */
  undo(): boolean {
    return this.#step(-1);
  }

  /** One step forward. */
  redo(): boolean {
    return this.#step(1);
  }

  #step(by: number): boolean {
    const open = this.#person();
    const done = open.goTo(open.index + by);
    if (done) this.#app.notifications.tell("historyStateChanged", { documentID: open.id });
    return done;
  }

  /** Opens the plugin's panel, the first one without an id. */
  async showPanel(id?: string): Promise<void> {
    const first = this.plugin.manifest.entrypoints.find(({ type }) => type === "panel")?.id;
    const wanted = id ?? first;
    if (wanted === undefined) throw new Error("The manifest has no panel.");
    await this.plugin.entrypoints.showPanel(wanted);
  }

  /** Chooses a command of the Plugins menu. */
  runCommand(id: string): Promise<void> {
    return this.plugin.entrypoints.run(id);
  }

  // What happens to Photoshop.

  /** Another plugin is modal, until the function that is given back is called. */
  busy(owner: string): () => void {
    return this.#app.modality.hold(`Plugin: ${owner} is running a modal command`);
  }

  /** The editor itself is modal. */
  engage(what: "transform" | "text" | "dialog"): () => void {
    return this.#app.modality.hold(`The editor is in a modal state: ${what}`);
  }

  /** Presses Escape: now, in the scope that runs; or with a number, before that call of the next one. */
  cancelModal(at?: number): void {
    if (at === undefined) this.#app.modality.cancel();
    else this.#app.modality.cancelAt = at;
  }

  /** An Action plays, and holds the history, until the function that is given back is called. */
  playAction(): () => void {
    this.#app.actionPlays = true;
    return () => {
      this.#app.actionPlays = false;
    };
  }

  /** The next call of that name fails: "putPixels", "batchPlay", "layer.move", "document.createPixelLayer" … */
  fail(call: string, message = `${call} failed`): void {
    this.#app.fail(call, message);
  }

  // What is to be seen.

  /** The History panel of a document: its lines, and which of them is now. */
  get history(): { readonly names: readonly string[]; readonly current: number } {
    const { entries, index } = this.#app.document(undefined);
    return { names: entries.map(({ name }) => name), current: index };
  }

  /** Ids of the open documents. */
  get documents(): readonly number[] {
    return this.#app.documents.map(({ id }) => id);
  }

  /** A name for everything in a document: two that are equal have the same bytes. */
  snapshot(document?: number): string {
    return documentPrint(this.#app.document(document).state);
  }

  /** Every layer, from the top, each group before what is in it. */
  get layers(): readonly SeenLayer[] {
    const { state } = this.#app.document(undefined);
    return [...everyLayer(state.layers)].map(({ layer, parent }) => ({
      id: layer.id,
      name: layer.name,
      kind: layer.kind,
      visible: layer.visible,
      opacity: (layer.opacity * 100) / 255,
      locks: layer.locks,
      clipped: layer.clipped,
      background: layer.background,
      bounds: layerBounds(state, layer),
      parent: parent?.name ?? null,
      pixels: layer.pixels && seenOf(layer.pixels),
      mask: layer.mask && { ...seenOf(layer.mask), outside: layer.mask.outside },
      settings: layer.settings,
      layers: layer.layers?.map(({ name }) => name) ?? null,
    }));
  }

  /** A layer by its name. */
  layer(name: string): SeenLayer {
    const { id } = this.#find(name);
    return this.layers.find((one) => one.id === id) as SeenLayer;
  }

  /** Names of the active layers. */
  get active(): readonly string[] {
    const open = this.#app.document(undefined);
    return this.#app
      .allLayers(open)
      .filter(({ id }) => open.state.active.includes(id))
      .map(({ name }) => name);
  }

  /** The selection; null when there is none. */
  get selection(): Seen | null {
    const { selection } = this.#app.document(undefined).state;
    return selection && seenOf(selection);
  }

  /** What is seen of the document in a box, in its own channels with alpha; the canvas without a box. */
  picture(box?: Bounds): Seen {
    const { state } = this.#app.document(undefined);
    const area = box ?? canvasOf(state);
    return { ...area, ...composite(state, area) };
  }

  /** What is seen of one layer in a box, its mask and opacity counted, what lies around it not. */
  layerPicture(id: number, box: Bounds): Seen {
    const { state } = this.#app.document(undefined);
    const { layer } = this.#app.layer(this.#app.document(undefined), id);
    return { ...box, ...composite({ ...state, layers: [{ ...layer, clipped: false }] }, box) };
  }

  /** Facts of the document in front. */
  get document() {
    const open = this.#app.document(undefined);
    const { width, height, mode, depth, profile, resolution, settings, xmp } = open.state;
    return {
      id: open.id,
      name: open.name,
      saved: open.saved,
      width,
      height,
      mode,
      depth,
      profile,
      resolution,
      settings,
      xmp,
    };
  }

  /** Image data that the plugin still holds. */
  get leaks(): { readonly handles: number; readonly bytes: number } {
    return { handles: this.plugin.images.handles, bytes: this.plugin.images.bytes };
  }

  /** What went wrong where nobody would see it. */
  get problems(): readonly string[] {
    return this.plugin.problems;
  }

  /** Alerts that the person has had to close. */
  get alerts(): readonly string[] {
    return this.#app.alerts;
  }

  /** What `reportProgress` told. */
  get progress(): readonly Progress[] {
    return this.#app.modality.progress;
  }

  /** What the plugin wrote to its console. */
  get console(): readonly { readonly level: string; readonly text: string }[] {
    return this.plugin.console;
  }

  /** Addresses that the plugin opened outside. */
  get opened(): readonly string[] {
    return this.plugin.opened;
  }

  /** True while the plugin's own modal scope runs. */
  get modal(): boolean {
    return this.#app.modality.scope !== null;
  }
}
