import type { Application } from "./application.ts";
import { type Bounds, boxOf, heightOf, widthOf } from "./bounds.ts";
import { HostError } from "./failure.ts";
import type { OpenDocument } from "./history.ts";
import { boundsOr, copyLayer, type Placement, placeLayer, stretched, translated } from "./layer-edit.ts";
import {
  type DocumentState,
  findLayer,
  insertLayers,
  type LayerState,
  type Locks,
  withLayer,
  withoutLayer,
} from "./state.ts";

// A layer as the DOM shows it: an id that is looked up anew with every question, so that a layer that is gone says so.

/** A list as Photoshop gives it: an array with `getByName`. */
export type Collection<T> = T[] & { getByName(name: string): T };

/** Makes an array a collection. */
export const collection = <T extends { readonly name: string }>(list: T[]): Collection<T> =>
  Object.defineProperty(list, "getByName", {
    value: (name: string) => {
      const found = list.find((one) => one.name === name);
      if (!found) throw new HostError(`There is no "${name}"`);
      return found;
    },
  }) as Collection<T>;

/** What layers need of the documents they are in, without knowing them. */
export interface LayerHome {
  readonly app: Application;
  documentOf(id: number): object;
}

const layerEvent = (obj: string, id: number): Readonly<Record<string, unknown>> => ({
  _obj: obj,
  _target: [{ _ref: "layer", _id: id }],
});

/** One layer of an open document. */
export class Layer {
  readonly #home: LayerHome;
  readonly #open: OpenDocument;
  readonly #id: number;

  constructor(home: LayerHome, open: OpenDocument, id: number) {
    this.#home = home;
    this.#open = open;
    this.#id = id;
  }

  #found() {
    const found = this.#open.closed ? undefined : findLayer(this.#open.state, this.#id);
    if (!found) throw new HostError(`The layer ${this.#id} does not exist any more`);
    return found;
  }

  get #state(): LayerState {
    return this.#found().layer;
  }

  #set(name: string, change: Partial<LayerState>, history = true): void {
    this.#home.app.callNow(`layer.${name}`, () => {
      this.#found();
      const state = withLayer(this.#open.state, this.#id, change);
      const event = layerEvent("set", this.#id);
      if (history) this.#home.app.change(this.#open, name, state, event);
      else this.#home.app.note(this.#open, state, event);
    });
  }

  get typename(): string {
    return "Layer";
  }
  get id(): number {
    return this.#state.id;
  }
  get _id(): number {
    return this.#id;
  }
  get document(): object {
    return this.#home.documentOf(this.#open.id);
  }
  get name(): string {
    return this.#state.name;
  }
  set name(name: string) {
    this.#set("Layer Name", { name: String(name) });
  }
  get kind(): string {
    return this.#state.kind;
  }
  get parent(): Layer | null {
    const { parent } = this.#found();
    return parent && new Layer(this.#home, this.#open, parent.id);
  }
  get layers(): Collection<Layer> | null {
    const { layers } = this.#state;
    return layers && collection(layers.map(({ id }) => new Layer(this.#home, this.#open, id)));
  }
  get bounds(): Readonly<Bounds & { width: number; height: number }> {
    return shown(boundsOr(this.#open.state, this.#state));
  }
  get boundsNoEffects(): Readonly<Bounds & { width: number; height: number }> {
    return this.bounds;
  }
  /** From 0 to 100 here, from 0 to 255 in descriptors. */
  get opacity(): number {
    return (this.#state.opacity * 100) / 255;
  }
  set opacity(percent: number) {
    this.#set("Master Opacity Change", { opacity: share(percent) });
  }
  get fillOpacity(): number {
    return (this.#state.fillOpacity * 100) / 255;
  }
  set fillOpacity(percent: number) {
    this.#set("Fill Opacity Change", { fillOpacity: share(percent) });
  }
  /** In per cent. */
  get layerMaskDensity(): number {
    return (this.#state.maskDensity * 100) / 255;
  }
  get vectorMaskDensity(): number {
    return 100;
  }
  get blendMode(): string {
    return this.#state.blendMode;
  }
  set blendMode(blendMode: string) {
    this.#set("Blending Change", { blendMode });
  }
  get visible(): boolean {
    return this.#state.visible;
  }
  set visible(visible: boolean) {
    this.#set("Layer Visibility", { visible }, false);
  }
  get isBackgroundLayer(): boolean {
    return this.#state.background;
  }
  get isClippingMask(): boolean {
    return this.#state.clipped;
  }
  set isClippingMask(clipped: boolean) {
    this.#set(clipped ? "Create Clipping Mask" : "Release Clipping Mask", { clipped });
  }
  get selected(): boolean {
    return this.#open.state.active.includes(this.#id);
  }
  set selected(selected: boolean) {
    this.#home.app.callNow("layer.selected", () => {
      const { id } = this.#state;
      const rest = this.#open.state.active.filter((one) => one !== id);
      const state = { ...this.#open.state, active: selected ? [...rest, id] : rest };
      this.#home.app.note(this.#open, state, layerEvent("select", id));
    });
  }
  get locked(): boolean {
    return Object.values(this.#state.locks).some(Boolean);
  }
  get allLocked(): boolean {
    return this.#state.locks.all;
  }
  set allLocked(all: boolean) {
    this.#lock({ all });
  }
  get pixelsLocked(): boolean {
    return this.#state.locks.pixels;
  }
  set pixelsLocked(pixels: boolean) {
    this.#lock({ pixels });
  }
  get positionLocked(): boolean {
    return this.#state.locks.position;
  }
  set positionLocked(position: boolean) {
    this.#lock({ position });
  }
  get transparentPixelsLocked(): boolean {
    return this.#state.locks.transparency;
  }
  set transparentPixelsLocked(transparency: boolean) {
    this.#lock({ transparency });
  }

  #lock(change: Partial<Locks>): void {
    this.#set("Layer Locking", { locks: { ...this.#state.locks, ...change } });
  }

  #change(call: string, name: string, edit: (state: DocumentState) => DocumentState, obj = "set"): void {
    this.#home.app.callNow(call, () => {
      this.#found();
      this.#home.app.change(this.#open, name, edit(this.#open.state), layerEvent(obj, this.#id));
    });
  }

  async #changeLater(call: string, name: string, edit: (state: DocumentState) => DocumentState, obj = "set") {
    await this.#home.app.call(call, () => {
      this.#found();
      this.#home.app.change(this.#open, name, edit(this.#open.state), layerEvent(obj, this.#id));
    });
  }

  delete(): void {
    this.#change(
      "layer.delete",
      "Delete Layer",
      (state) => {
        const { layer } = this.#found();
        if (layer.locks.all) throw new HostError(`The layer "${layer.name}" is locked`);
        if (state.layers.length === 1 && state.layers[0] === layer) {
          throw new HostError("The only layer of a document cannot be deleted");
        }
        return withoutLayer(state, layer.id);
      },
      "delete",
    );
  }

  move(relative: unknown, place: Placement): void {
    if (!(relative instanceof Layer)) throw new HostError("layer.move needs a layer to move relative to");
    if (relative.#open !== this.#open) throw new HostError("You can only move layers in the same document.");
    this.#change("layer.move", "Layer Order", (state) => placeLayer(state, this.#id, relative.#id, place), "move");
  }

  bringToFront(): void {
    this.#change("layer.bringToFront", "Layer Order", (state) => {
      const first = state.layers[0] as LayerState;
      return first.id === this.#id ? state : placeLayer(state, this.#id, first.id, "placeBefore");
    });
  }

  sendToBack(): void {
    this.#change("layer.sendToBack", "Layer Order", (state) => {
      const last = state.layers.at(-1) as LayerState;
      if (last.id === this.#id) return state;
      return placeLayer(state, this.#id, last.id, last.background ? "placeBefore" : "placeAfter");
    });
  }

  async duplicate(relative?: unknown, place: Placement = "placeBefore", name?: string): Promise<Layer> {
    let made = 0;
    await this.#changeLater(
      "layer.duplicate",
      "Duplicate Layer",
      (state) => {
        const { layer, parent, index } = this.#found();
        if (relative instanceof Layer && relative.#open !== this.#open) {
          throw new HostError("You can only move layers in the same document.");
        }
        const copy = copyLayer(this.#home.app, layer, name ?? `${layer.name} copy`);
        made = copy.id;
        const next = { ...insertLayers(state, parent?.id ?? null, index, [copy]), active: [copy.id] };
        return relative instanceof Layer ? placeLayer(next, copy.id, relative.#id, place) : next;
      },
      "duplicate",
    );
    return new Layer(this.#home, this.#open, made);
  }

  async translate(horizontal: unknown, vertical: unknown): Promise<void> {
    await this.#changeLater("layer.translate", "Move", (state) => {
      const box = boundsOr(state, this.#state);
      const x = Math.round(pixels(horizontal, widthOf(box)));
      const y = Math.round(pixels(vertical, heightOf(box)));
      return withLayer(state, this.#id, translated(this.#state, x, y));
    });
  }

  async scale(width: unknown, height: unknown, anchor: string = "middleCenter"): Promise<void> {
    await this.#changeLater("layer.scale", "Free Transform", (state) => {
      const layer = this.#state;
      if (!layer.pixels) throw new HostError(`The layer "${layer.name}" has no pixels to scale`);
      const from = boundsOr(state, layer);
      const wide = Math.round((widthOf(from) * percent(width)) / 100);
      const high = Math.round((heightOf(from) * percent(height)) / 100);
      const topLeft = anchor === "topLeft";
      const left = from.left + (topLeft ? 0 : Math.round((widthOf(from) - wide) / 2));
      const top = from.top + (topLeft ? 0 : Math.round((heightOf(from) - high) / 2));
      const to = boxOf(left, top, wide, high);
      return withLayer(state, layer.id, { pixels: stretched(layer.pixels, from, to) });
    });
  }

  async rasterize(): Promise<void> {
    await this.#changeLater("layer.rasterize", "Rasterize Layer", (state) =>
      withLayer(state, this.#id, this.#state.pixels ? { kind: "pixel" } : {}),
    );
  }
}

const share = (percent: number): number => {
  if (!(percent >= 0 && percent <= 100)) throw new HostError(`Opacity is from 0 to 100, and not ${percent}`);
  return Math.round((percent * 255) / 100);
};

const percent = (value: unknown): number =>
  typeof value === "number" ? value : Number((value as { _value?: unknown })?._value);

const pixels = (value: unknown, whole: number): number => {
  if (typeof value === "number") return value;
  const { _unit, _value } = (value ?? {}) as { _unit?: unknown; _value?: unknown };
  return _unit === "percentUnit" ? (whole * Number(_value)) / 100 : Number(_value);
};

const shown = (box: Bounds) => ({ ...box, width: widthOf(box), height: heightOf(box) });
