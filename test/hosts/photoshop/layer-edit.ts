import type { Application } from "./application.ts";
import { type Bounds, heightOf, isEmpty, widthOf } from "./bounds.ts";
import { composite, matted, withAlpha } from "./composite.ts";
import { HostError } from "./failure.ts";
import { type Picture, resized } from "./pyramid.ts";
import { emptyRaster, type Raster, read, shifted, write } from "./raster.ts";
import {
  canvasOf,
  type DocumentState,
  everyLayer,
  type Found,
  findLayer,
  insertLayers,
  type LayerState,
  layerBounds,
  layerChannels,
  withoutLayer,
} from "./state.ts";
import { movedParts } from "./vector.ts";

// What can be done to layers, whoever asks: the DOM, a descriptor or the person. Each function gives the document's next
// state and leaves history to its caller.

const unlocked = { all: false, pixels: false, position: false, transparency: false };

/** A new layer as Photoshop makes it. */
export const newLayer = (app: Application, document: DocumentState, given: Partial<LayerState>): LayerState => ({
  id: app.nextId(),
  name: given.kind === "group" ? "Group 1" : "Layer 1",
  kind: "pixel",
  visible: true,
  opacity: 255,
  fillOpacity: 255,
  blendMode: given.kind === "group" ? "passThrough" : "normal",
  locks: unlocked,
  clipped: false,
  background: false,
  pixels: given.kind === "group" ? null : emptyRaster(layerChannels(document), document.depth),
  mask: null,
  maskEnabled: true,
  maskDensity: 255,
  vector: null,
  filling: null,
  text: null,
  layers: given.kind === "group" ? [] : null,
  artboard: null,
  settings: {},
  ...given,
});

/** Where a new layer goes: above the active one, inside of an active group or artboard. */
function newPlace(document: DocumentState): { readonly parent: number | null; readonly index: number } {
  const first = [...everyLayer(document.layers)].find(({ layer }) => document.active.includes(layer.id));
  if (!first) return { parent: null, index: 0 };
  if (first.layer.layers) return { parent: first.layer.id, index: 0 };
  return { parent: first.parent?.id ?? null, index: first.index };
}

/** The document with a new layer, which is then the active one. */
export function addLayer(document: DocumentState, layer: LayerState): DocumentState {
  const { parent, index } = newPlace(document);
  return { ...insertLayers(document, parent, index, [layer]), active: [layer.id] };
}

/** The five places of `layer.move`. */
export type Placement = "placeBefore" | "placeAfter" | "placeInside" | "placeAtBeginning" | "placeAtEnd";

/** The document with a layer moved to a place relative to another one. */
export function placeLayer(document: DocumentState, id: number, target: number, place: Placement): DocumentState {
  const { layer } = need(document, id);
  const goal = need(document, target);
  if (id === target || (layer.layers && [...everyLayer(layer.layers)].some((one) => one.layer.id === target))) {
    throw new HostError("A layer cannot be moved relative to itself or to what is inside of it");
  }
  if (layer.background) throw new HostError("The Background layer cannot be moved");
  const out = { ...withoutLayer(document, id), active: document.active };
  const there = need(out, target);
  const parent = there.parent?.id ?? null;
  switch (place) {
    case "placeBefore":
      return insertLayers(out, parent, there.index, [layer]);
    case "placeAfter":
      if (goal.layer.background) throw new HostError("Nothing can be below the Background layer");
      return insertLayers(out, parent, there.index + 1, [layer]);
    case "placeInside":
    case "placeAtBeginning":
      if (!goal.layer.layers) throw new HostError(`"${goal.layer.name}" is no group`);
      return insertLayers(out, target, 0, [layer]);
    case "placeAtEnd":
      if (!goal.layer.layers) throw new HostError(`"${goal.layer.name}" is no group`);
      return insertLayers(out, target, there.layer.layers?.length ?? 0, [layer]);
    default:
      throw new HostError(`There is no placement "${String(place)}"`);
  }
}

const need = (document: DocumentState, id: number): Found => {
  const found = findLayer(document, id);
  if (!found) throw new HostError(`The layer ${id} does not exist`);
  return found;
};

/** A copy with new ids, for the same document or one of its kind. */
export function copyLayer(app: Application, layer: LayerState, name: string): LayerState {
  const inside = layer.layers?.map((one) => copyLayer(app, one, one.name)) ?? null;
  return { ...layer, id: app.nextId(), name, background: false, layers: inside };
}

/** Layers gathered into a new group where the highest of them was. */
export function groupLayers(app: Application, document: DocumentState, ids: readonly number[], name: string) {
  const members = [...everyLayer(document.layers)].filter(({ layer }) => ids.includes(layer.id));
  const [first] = members;
  if (!first) throw new HostError("There are no layers to group");
  if (members.some(({ layer }) => layer.background)) throw new HostError("The Background layer cannot be in a group");
  const group = newLayer(app, document, { kind: "group", name, layers: members.map(({ layer }) => layer) });
  const above = members.filter(({ parent, index }) => parent === first.parent && index < first.index).length;
  let state = document;
  for (const { layer } of members) state = withoutLayer(state, layer.id);
  const placed = insertLayers(state, first.parent?.id ?? null, first.index - above, [group]);
  return { state: { ...placed, active: [group.id] }, group };
}

/** The layer, its mask and all inside of it, moved. */
export function translated(layer: LayerState, x: number, y: number): LayerState {
  if (layer.background || layer.locks.all || layer.locks.position) {
    throw new HostError(`The position of layer "${layer.name}" is locked`);
  }
  return {
    ...layer,
    pixels: layer.pixels && shifted(layer.pixels, x, y),
    mask: layer.mask && shifted(layer.mask, x, y),
    vector: layer.vector && {
      ...layer.vector,
      parts: movedParts(layer.vector.parts, x, y),
      cover: shifted(layer.vector.cover, x, y),
    },
    layers: layer.layers?.map((one) => translated(one, x, y)) ?? null,
  };
}

/** A raster stretched from one box to another. */
export function stretched(raster: Raster, from: Bounds, to: Bounds): Raster {
  const { channels, depth, outside } = raster;
  const blank = emptyRaster(channels, depth, outside);
  if (isEmpty(from) || isEmpty(to)) return blank;
  const picture: Picture = { width: widthOf(from), height: heightOf(from), channels, depth, data: read(raster, from) };
  return write(blank, to, resized(picture, widthOf(to), heightOf(to)).data);
}

/** The document as one Background, or as one layer with alpha when `flat` is not set. */
export function merged(app: Application, document: DocumentState, flat: boolean): DocumentState {
  const canvas = canvasOf(document);
  const seen = composite(document, canvas);
  const { data } = flat ? withAlpha(matted(seen)) : seen;
  const pixels = write(emptyRaster(layerChannels(document), document.depth), canvas, data);
  const layer = newLayer(app, document, { name: flat ? "Background" : "Merged", pixels, background: flat });
  return { ...document, layers: [layer], active: [layer.id] };
}

/** Where a layer has pixels, as the DOM tells it: all 0 when nowhere. */
export const boundsOr = (document: DocumentState, layer: LayerState): Bounds =>
  layerBounds(document, layer) ?? { left: 0, top: 0, right: 0, bottom: 0 };
