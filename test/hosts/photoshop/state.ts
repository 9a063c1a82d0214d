import { type Bounds, boxOf, join } from "./bounds.ts";
import { type Coding, channelsOf, type Space, working } from "./color.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Depth, inkBounds, placeOf, type Raster, type Samples } from "./raster.ts";
import type { FillContent, Rgb, StrokeStyle } from "./shape.ts";
import type { PathPart } from "./vector.ts";

// One moment of a document, as plain data that is never changed: a history state is a reference to one. Layers are listed
// from the top, as Photoshop lists them.

/** Modes that a plugin can meet. Only the first four can be read and written here. */
export type Mode =
  | "RGBColorMode"
  | "grayscaleMode"
  | "labColorMode"
  | "CMYKColorMode"
  | "bitmapMode"
  | "indexedColorMode"
  | "multichannelMode"
  | "duotoneMode";

/** Kinds of layers, by Photoshop's own words (`constants.LayerKind`). An adjustment is listed but changes no pixel here. */
export type LayerKind = "pixel" | "group" | "text" | "smartObject" | "solidColor" | "gradientFill" | "curves";

/** What a layer's locks hold. */
export interface Locks {
  readonly all: boolean;
  readonly pixels: boolean;
  readonly position: boolean;
  readonly transparency: boolean;
}

/** A plugin's entries in `generatorSettings`: strings by name, under a plugin's key. */
export type Settings = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A vector mask. */
export interface VectorMask {
  readonly parts: readonly PathPart[];
  readonly enabled: boolean;
  /** One channel of 8 bits: what it lets through. */
  readonly cover: Raster;
}

/** What a fill layer is filled with. Its pixels are made of this when it is made, and its vector mask is in them. */
export interface Filling {
  readonly content: FillContent;
  readonly filled: boolean;
  readonly stroke: StrokeStyle | null;
}

/** One layer, or a group with what is in it. */
export interface LayerState {
  readonly id: number;
  readonly name: string;
  readonly kind: LayerKind;
  readonly visible: boolean;
  /** From 0 to 255, as Photoshop keeps it. */
  readonly opacity: number;
  readonly fillOpacity: number;
  readonly blendMode: string;
  readonly locks: Locks;
  readonly clipped: boolean;
  readonly background: boolean;
  /** The document's channels and alpha; null for a group and an adjustment. */
  readonly pixels: Raster | null;
  /** One channel; what lies outside its tiles is its `outside`. */
  readonly mask: Raster | null;
  /** Whether the mask is in use, and how much of what it hides is hidden, from 0 to 255. */
  readonly maskEnabled: boolean;
  readonly maskDensity: number;
  /** A vector mask; of a fill layer its shape. */
  readonly vector: VectorMask | null;
  /** A fill layer's filling, and how a shape is drawn; null for others. */
  readonly filling: Filling | null;
  /** A text layer's words and their colour. */
  readonly text: { readonly words: string; readonly color: Rgb } | null;
  /** Null for all but groups. */
  readonly layers: readonly LayerState[] | null;
  readonly artboard: Bounds | null;
  readonly settings: Settings;
}

/** A document at one moment. */
export interface DocumentState {
  readonly width: number;
  readonly height: number;
  /** Pixels per inch. */
  readonly resolution: number;
  readonly mode: Mode;
  readonly depth: Depth;
  readonly profile: string;
  readonly layers: readonly LayerState[];
  /** 8 bits a pixel; null when nothing is selected. */
  readonly selection: Raster | null;
  readonly channels: readonly { readonly name: string; readonly raster: Raster }[];
  /** Ids of the layers that are highlighted. */
  readonly active: readonly number[];
  readonly quickMask: boolean;
  readonly settings: Settings;
  readonly xmp: string;
}

const spaces: Partial<Record<Mode, Space>> = {
  RGBColorMode: "RGB",
  grayscaleMode: "Grayscale",
  labColorMode: "Lab",
  CMYKColorMode: "CMYK",
};

/** The space of a mode whose pixels can be read; undefined for the others. */
export const spaceOf = (mode: Mode): Space | undefined => spaces[mode];

/** What a document's numbers mean; those of a mode that cannot be read count as RGB. */
export function codingOf({ mode, profile, depth }: DocumentState): Coding {
  const space = spaceOf(mode) ?? "RGB";
  return { space, profile: profile === "None" ? working[space] : profile, depth };
}

/** Channels of a document's layers, alpha among them. */
export const layerChannels = (document: DocumentState): number => channelsOf[codingOf(document).space] + 1;

/** The canvas as a box. */
export const canvasOf = ({ width, height }: DocumentState): Bounds => boxOf(0, 0, width, height);

/** Every layer, each group before what is in it. */
export function* everyLayer(layers: readonly LayerState[], parent: LayerState | null = null): Generator<Found> {
  for (const [index, layer] of layers.entries()) {
    yield { layer, parent, index };
    if (layer.layers) yield* everyLayer(layer.layers, layer);
  }
}

/** A layer and where it lies. */
export interface Found {
  readonly layer: LayerState;
  /** Null at the document's top level. */
  readonly parent: LayerState | null;
  /** From the top of its parent. */
  readonly index: number;
}

/** Finds a layer by id. */
export function findLayer(document: DocumentState, id: number): Found | undefined {
  for (const found of everyLayer(document.layers)) if (found.layer.id === id) return found;
  return undefined;
}

/** The list with one layer, wherever it lies, replaced by what `change` gives: none takes it away. */
function replaceLayer(
  layers: readonly LayerState[],
  id: number,
  change: (layer: LayerState) => readonly LayerState[],
): readonly LayerState[] {
  return layers.flatMap((layer) => {
    if (layer.id === id) return change(layer);
    if (!layer.layers) return [layer];
    const inside = replaceLayer(layer.layers, id, change);
    return [
      inside.length === layer.layers.length && inside.every((one, i) => one === layer.layers?.[i])
        ? layer
        : { ...layer, layers: inside },
    ];
  });
}

/** The document with one layer changed. */
export const withLayer = (document: DocumentState, id: number, change: Partial<LayerState>): DocumentState => ({
  ...document,
  layers: replaceLayer(document.layers, id, (layer) => [{ ...layer, ...change }]),
});

/** The document with layers put in at an index of a group, or of the top level. */
export function insertLayers(
  document: DocumentState,
  parent: number | null,
  index: number,
  layers: readonly LayerState[],
): DocumentState {
  const into = (list: readonly LayerState[]) => [...list.slice(0, index), ...layers, ...list.slice(index)];
  if (parent === null) return { ...document, layers: into(document.layers) };
  const inside = (group: LayerState) => [{ ...group, layers: into(group.layers ?? []) }];
  return { ...document, layers: replaceLayer(document.layers, parent, inside) };
}

/** The document without a layer, which is not active any more either. */
export function withoutLayer(document: DocumentState, id: number): DocumentState {
  const layers = replaceLayer(document.layers, id, () => []);
  const left = new Set([...everyLayer(layers)].map(({ layer }) => layer.id));
  return { ...document, layers, active: document.active.filter((one) => left.has(one)) };
}

/** Where a layer has pixels, a group what is in it; null when nowhere. The Background is as large as the canvas. */
export function layerBounds(document: DocumentState, layer: LayerState): Bounds | null {
  if (layer.artboard) return layer.artboard;
  if (layer.background) return canvasOf(document);
  if (layer.pixels) return inkBounds(layer.pixels);
  let all: Bounds | null = null;
  for (const one of layer.layers ?? []) {
    const box = layerBounds(document, one);
    if (box) all = all ? join(all, box) : box;
  }
  return all;
}

const names = new WeakMap<Samples, string>();

/** A raster's tiles by place; a tile that says nothing is as good as none. */
function rasterText(raster: Raster | null): unknown {
  if (!raster) return null;
  const tiles = [...raster.tiles]
    .filter(([, tile]) => tile.some((value) => value !== raster.outside))
    .sort(([a], [b]) => a - b)
    .map(([key, tile]) => {
      const name = names.get(tile) ?? fingerprint(new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength));
      names.set(tile, name);
      const { left, top } = placeOf(key);
      return [left, top, name];
    });
  return { channels: raster.channels, depth: raster.depth, outside: raster.outside, tiles };
}

const sorted = (value: Readonly<Record<string, unknown>>): unknown =>
  Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));

const layerText = (layer: LayerState): unknown => [
  sorted({
    ...layer,
    settings: sorted(Object.fromEntries(Object.entries(layer.settings).map(([key, set]) => [key, sorted(set)]))),
    pixels: rasterText(layer.pixels),
    mask: rasterText(layer.mask),
    vector: layer.vector && [layer.vector.parts, layer.vector.enabled, rasterText(layer.vector.cover)],
    layers: layer.layers?.map(layerText) ?? null,
  }),
];

/** A name for all there is in a document at one moment: pixels, masks, order, names, selection, highlights, metadata. */
export function documentPrint(document: DocumentState): string {
  const text = JSON.stringify(
    sorted({
      ...document,
      settings: sorted(document.settings),
      layers: document.layers.map(layerText),
      selection: rasterText(document.selection),
      channels: document.channels.map(({ name, raster }) => [name, rasterText(raster)]),
    }),
  );
  return fingerprint(new TextEncoder().encode(text));
}
