import { boundsFrom } from "./application.ts";
import { boxOf } from "./bounds.ts";
import { isProfile } from "./color.ts";
import { constants } from "./constants.ts";
import { inDepth, inMode, inSize, onCanvas } from "./document-edit.ts";
import { HostError } from "./failure.ts";
import type { OpenDocument } from "./history.ts";
import { type Collection, collection, Layer, type LayerHome } from "./layer-dom.ts";
import { addLayer, copyLayer, groupLayers, merged, newLayer } from "./layer-edit.ts";
import type { Scope } from "./modality.ts";
import { Selection } from "./selection-dom.ts";
import { type DocumentState, everyLayer, type LayerState, type Mode } from "./state.ts";

/** What documents need of the DOM around them. */
export interface DocumentHome extends LayerHome {
  documentOf(id: number): Document;
  atLeast(version: string): boolean;
  saveAs(open: OpenDocument, entry: unknown): Promise<void>;
}

interface LayerOptions {
  readonly name?: string;
  readonly opacity?: number;
  readonly blendMode?: string;
  readonly fromLayers?: Layer | readonly Layer[];
}

const depthNames = { 8: "bitDepth8", 16: "bitDepth16", 32: "bitDepth32" } as const;

/** An open document, as the DOM shows it. One that was closed throws at every question but its id. */
export class Document {
  readonly #home: DocumentHome;
  readonly #open: OpenDocument;
  readonly selection: Selection;
  readonly saveAs: { readonly psd: (entry: unknown) => Promise<void> };

  constructor(home: DocumentHome, open: OpenDocument) {
    this.#home = home;
    this.#open = open;
    this.selection = new Selection(home.app, open);
    this.saveAs = { psd: (entry) => home.app.call("document.saveAs", () => home.saveAs(this.#alive, entry)) };
  }

  get #alive(): OpenDocument {
    if (this.#open.closed) throw new HostError(`The document ${this.#open.id} is not open any more`);
    return this.#open;
  }
  get #state(): DocumentState {
    return this.#alive.state;
  }
  #layer(id: number): Layer {
    return new Layer(this.#home, this.#open, id);
  }
  #layers(list: readonly LayerState[]): Collection<Layer> {
    return collection(list.map(({ id }) => this.#layer(id)));
  }

  get typename(): string {
    return "Document";
  }
  get id(): number {
    return this.#open.id;
  }
  get _id(): number {
    return this.#open.id;
  }
  get name(): string {
    return this.#alive.name;
  }
  get title(): string {
    return this.#alive.name;
  }
  get path(): string {
    return this.#alive.path;
  }
  get saved(): boolean {
    return this.#alive.saved;
  }
  get width(): number {
    return this.#state.width;
  }
  get height(): number {
    return this.#state.height;
  }
  get resolution(): number {
    return this.#state.resolution;
  }
  get mode(): string {
    return this.#state.mode;
  }
  get bitsPerChannel(): string {
    return this.#state.mode === "bitmapMode" ? "bitDepth1" : depthNames[this.#state.depth];
  }
  set bitsPerChannel(bits: string) {
    const depth = ([8, 16, 32] as const).find((one) => depthNames[one] === bits);
    if (!depth) throw new HostError(`There is no depth "${bits}"`);
    this.#now("bitsPerChannel", `${depth} Bits/Channel`, (state) => inDepth(state, depth));
  }
  get colorProfileName(): string {
    return this.#state.profile;
  }
  get colorProfileType(): string {
    return this.#state.profile === "None" ? "none" : "customEnum";
  }
  get quickMaskMode(): boolean {
    return this.#state.quickMask;
  }
  set quickMaskMode(quickMask: boolean) {
    this.#now("quickMaskMode", quickMask ? "Enter Quick Mask" : "Exit Quick Mask", (state) => ({
      ...state,
      quickMask,
    }));
  }
  get zoom(): number {
    void this.#alive;
    return 100;
  }
  get pixelAspectRatio(): number {
    void this.#alive;
    return 1;
  }
  get layers(): Collection<Layer> {
    return this.#layers(this.#state.layers);
  }
  get activeLayers(): Collection<Layer> {
    const { active, layers } = this.#state;
    return this.#layers([...everyLayer(layers)].map(({ layer }) => layer).filter(({ id }) => active.includes(id)));
  }
  /** Writable since 26.9. */
  set activeLayers(list: readonly Layer[]) {
    if (!this.#home.atLeast("26.9")) throw new TypeError("Cannot set property activeLayers: it has only a getter");
    this.#home.app.callNow("document.activeLayers", () => {
      const active = list.map(({ id }) => id);
      this.#home.app.note(this.#alive, { ...this.#state, active }, { _obj: "select", _target: [{ _ref: "layer" }] });
    });
  }
  get backgroundLayer(): Layer | null {
    const found = this.#state.layers.find(({ background }) => background);
    return found ? this.#layer(found.id) : null;
  }
  get artboards(): Collection<Layer> {
    return this.#layers(this.#state.layers.filter(({ artboard }) => artboard !== null));
  }
  get channels(): Collection<{ readonly name: string }> {
    const named: Partial<Record<Mode, string[]>> = {
      RGBColorMode: ["Red", "Green", "Blue"],
      CMYKColorMode: ["Cyan", "Magenta", "Yellow", "Black"],
      labColorMode: ["Lightness", "a", "b"],
    };
    const own = named[this.#state.mode] ?? ["Gray"];
    return collection([...own, ...this.#state.channels.map(({ name }) => name)].map((name) => ({ name })));
  }
  get historyStates(): Collection<HistoryState> {
    return collection(this.#alive.entries.map((_, index) => this.#moment(index)));
  }
  get activeHistoryState(): HistoryState {
    return this.#moment(this.#alive.index);
  }
  set activeHistoryState({ id }: HistoryState) {
    this.#home.app.callNow("document.activeHistoryState", () => {
      if (!this.#alive.goTo(this.#open.entries.findIndex((one) => one.id === id))) {
        throw new HostError(`There is no history state ${id} to go to`);
      }
    });
  }
  #moment(index: number): HistoryState {
    const { id, name } = this.#open.entries[index] as { id: number; name: string };
    return { typename: "HistoryState", id, name, docId: this.#open.id, snapshot: index === 0 };
  }

  #now(call: string, name: string, edit: (state: DocumentState) => DocumentState): void {
    this.#home.app.callNow(`document.${call}`, () => this.#home.app.change(this.#alive, name, edit(this.#state)));
  }
  async #later(call: string, name: string, edit: (state: DocumentState) => DocumentState, obj = "set"): Promise<void> {
    const event = { _obj: obj, _target: [{ _ref: "document", _id: this.#open.id }] };
    await this.#home.app.call(`document.${call}`, () =>
      this.#home.app.change(this.#alive, name, edit(this.#state), event),
    );
  }
  #given({ name, opacity, blendMode }: LayerOptions): Partial<LayerState> {
    return {
      ...(name === undefined ? {} : { name }),
      ...(opacity === undefined ? {} : { opacity: Math.round((opacity * 255) / 100) }),
      ...(blendMode === undefined ? {} : { blendMode }),
    };
  }

  async createPixelLayer(options: LayerOptions = {}): Promise<Layer> {
    let id = 0;
    const make = (state: DocumentState): DocumentState => {
      if (["bitmapMode", "indexedColorMode", "multichannelMode", "duotoneMode"].includes(state.mode)) {
        throw new HostError(`There are no layers in ${state.mode}`);
      }
      const layer = newLayer(this.#home.app, state, this.#given(options));
      id = layer.id;
      return addLayer(state, layer);
    };
    await this.#later("createPixelLayer", "New Layer", make, "make");
    return this.#layer(id);
  }

  async createLayer(kind: string = "pixel", options: LayerOptions = {}): Promise<Layer> {
    if (kind === "group") return this.createLayerGroup(options);
    if (kind === "pixel") return this.createPixelLayer(options);
    throw new HostError(
      `createLayer makes no layer of kind "${kind}"; kinds are ${JSON.stringify(constants.LayerKind)}`,
    );
  }

  async createLayerGroup(options: LayerOptions = {}): Promise<Layer> {
    const from = options.fromLayers instanceof Layer ? [options.fromLayers] : (options.fromLayers ?? []);
    let id = 0;
    const make = (state: DocumentState): DocumentState => {
      if (from.length > 0) {
        const ids = from.map((one) => one.id);
        const made = groupLayers(this.#home.app, state, ids, options.name ?? "Group 1");
        id = made.group.id;
        return made.state;
      }
      const group = newLayer(this.#home.app, state, { kind: "group", ...this.#given(options) });
      id = group.id;
      return addLayer(state, group);
    };
    await this.#later("createLayerGroup", from.length > 0 ? "Group Layers" : "New Group", make, "make");
    return this.#layer(id);
  }

  async groupLayers(layers: readonly Layer[]): Promise<Layer> {
    return this.createLayerGroup({ fromLayers: layers });
  }

  async duplicateLayers(layers: readonly Layer[], target?: Document): Promise<Layer[]> {
    const goal = target ?? this;
    const made: number[] = [];
    await this.#home.app.call("document.duplicateLayers", () => {
      let { state } = goal.#alive;
      for (const { id } of [...layers].reverse()) {
        const { layer } = this.#home.app.layer(this.#alive, id);
        const copy = copyLayer(this.#home.app, layer, target ? layer.name : `${layer.name} copy`);
        state = addLayer(state, copy);
        made.unshift(copy.id);
      }
      this.#home.app.change(goal.#open, "Duplicate Layers", { ...state, active: made }, { _obj: "duplicate" });
    });
    return made.map((id) => new Layer(this.#home, goal.#open, id));
  }

  async duplicate(name?: string, mergeLayersOnly = false): Promise<Document> {
    return this.#home.app.call("document.duplicate", () => {
      const state = mergeLayersOnly ? merged(this.#home.app, this.#state, false) : this.#state;
      return this.#home.documentOf(this.#home.app.open(name ?? `${this.name} copy`, state).id);
    });
  }

  async flatten(): Promise<void> {
    await this.#later("flatten", "Flatten Image", (state) => merged(this.#home.app, state, true));
  }
  async mergeVisibleLayers(): Promise<void> {
    await this.#later("mergeVisibleLayers", "Merge Visible", (state) => {
      const seen = merged(
        this.#home.app,
        state,
        state.layers.some(({ background }) => background),
      );
      return { ...seen, layers: [...seen.layers, ...state.layers.filter(({ visible }) => !visible)] };
    });
  }
  async changeMode(mode: Mode): Promise<void> {
    await this.#later("changeMode", "Convert Mode", (state) => inMode(state, mode), "convertMode");
  }
  async convertProfile(profile: string): Promise<void> {
    await this.#later("convertProfile", "Convert to Profile", (state) => {
      if (!isProfile("RGB", profile) && !isProfile("Grayscale", profile)) {
        throw new HostError(`The profile "${profile}" is not known`);
      }
      return inMode(state, isProfile("RGB", profile) ? "RGBColorMode" : "grayscaleMode", profile);
    });
  }
  async resizeImage(width?: number, height?: number, resolution?: number): Promise<void> {
    await this.#later("resizeImage", "Image Size", (state) => {
      const wide = width ?? (height === undefined ? state.width : Math.round((state.width * height) / state.height));
      return inSize(state, wide, height ?? Math.round((state.height * wide) / state.width), resolution);
    });
  }
  /** The middle stays in the middle. */
  async resizeCanvas(width: number, height: number): Promise<void> {
    await this.#later("resizeCanvas", "Canvas Size", (state) => {
      const [left, top] = [Math.floor((state.width - width) / 2), Math.floor((state.height - height) / 2)];
      return onCanvas(state, boxOf(left, top, width, height));
    });
  }
  async crop(bounds: unknown): Promise<void> {
    await this.#later("crop", "Crop", (state) => onCanvas(state, boundsFrom(bounds, "crop")));
  }
  async close(): Promise<void> {
    await this.#home.app.call("document.close", () => this.#home.app.close(this.#alive));
  }
  closeWithoutSaving(): void {
    this.#home.app.callNow("document.close", () => this.#home.app.close(this.#alive));
  }

  /** Holds the history while `body` runs: one state, or none when it throws. */
  async suspendHistory(body: (context: object) => unknown, name: string): Promise<void> {
    const { app } = this.#home;
    await app.modality.execute(
      async (context: object) => {
        const scope = app.modality.scope as Scope;
        const token = app.suspend(this.#alive.id, name, scope);
        await body(Object.assign(Object.create(context), { document: this }));
        app.resume(token.historySuspensionID, true, undefined, scope);
      },
      { commandName: name },
    );
  }
}

interface HistoryState {
  readonly typename: string;
  readonly id: number;
  readonly name: string;
  readonly docId: number;
  readonly snapshot: boolean;
}
