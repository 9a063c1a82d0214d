import { blankDocument } from "./app-dom.ts";
import type { Application } from "./application.ts";
import { type Bounds, boxOf, heightOf, isEmpty, widthOf } from "./bounds.ts";
import { inDepth } from "./document-edit.ts";
import { newLayer } from "./layer-edit.ts";
import {
  type Depth,
  emptyRaster,
  fill,
  full,
  inkBounds,
  type Raster,
  read,
  type Samples,
  samples,
  write,
} from "./raster.ts";
import { combined, ellipse, feathered, rectangle } from "./selection.ts";
import { type FillContent, type Rgb, type StrokeStyle, shapePixels } from "./shape.ts";
import {
  canvasOf,
  type DocumentState,
  everyLayer,
  type LayerKind,
  type LayerState,
  layerChannels,
  type Mode,
} from "./state.ts";
import { coverageOf, type PathPart, reachOf } from "./vector.ts";

// Documents as a test describes them, in numbers from 0 to 255 whatever the depth: what is on paper before Photoshop
// begins.

/** A colour of the document's channels and alpha, each from 0 to 255. */
export type Paint = readonly number[];

/** What a layer is filled with: one colour, or a colour for each place in the document. */
export type Filling = Paint | ((x: number, y: number) => Paint);

/** A layer to begin with. */
export interface LayerSpec {
  readonly name: string;
  /** "background" is the Background layer, which lies at the bottom. */
  readonly kind?: LayerKind | "background" | "artboard";
  /** Where it has pixels; the canvas without it. */
  readonly bounds?: Bounds;
  readonly fill?: Filling;
  /** In per cent. */
  readonly opacity?: number;
  readonly blendMode?: string;
  readonly visible?: boolean;
  readonly locked?: "all" | "pixels" | "position" | "transparency";
  readonly clipped?: boolean;
  /** Coverage inside the mask's box; outside of it nothing is seen. */
  readonly mask?: {
    readonly bounds: Bounds;
    readonly fill: number | ((x: number, y: number) => number);
    /** What it holds around its box; 0 without it. */
    readonly outside?: 0 | 255;
    /** False for a mask that is switched off. */
    readonly enabled?: boolean;
    /** In per cent. */
    readonly density?: number;
  };
  /** A vector mask; for a fill layer its shape. Documents of RGB only. */
  readonly vector?: { readonly parts: readonly PathPart[]; readonly enabled?: boolean };
  /** For a fill layer: what it is filled with, and for a shape its stroke. */
  readonly content?: FillContent;
  readonly stroke?: StrokeStyle;
  /** False for a shape whose fill is switched off. */
  readonly filled?: boolean;
  /** For a text layer. */
  readonly text?: { readonly words: string; readonly color?: Rgb };
  /** In per cent. */
  readonly fillOpacity?: number;
  /** For a group or an artboard: top first. */
  readonly layers?: readonly LayerSpec[];
}

/** A document to begin with. */
export interface DocumentSpec {
  readonly name?: string;
  readonly width: number;
  readonly height: number;
  readonly depth?: Depth;
  readonly mode?: Mode;
  /** "None" for an untagged one. */
  readonly profile?: string;
  readonly resolution?: number;
  /** Top first. Without them, a white Background. An empty list is a document with one empty "Layer 1". */
  readonly layers?: readonly LayerSpec[];
  readonly quickMask?: boolean;
  /** Names of the layers that are active; the topmost without it. */
  readonly active?: readonly string[];
}

/** What a person selects. A mask has one byte for each pixel of its box. */
export type Area = Bounds | { readonly ellipse: Bounds } | { readonly mask: ArrayLike<number>; readonly box: Bounds };

/** Makes the document that a test describes. */
export function documentFrom(app: Application, spec: DocumentSpec): DocumentState {
  const { layers, depth = 8, quickMask = false, width, height } = spec;
  const given = {
    width,
    height,
    resolution: spec.resolution ?? 72,
    ...(spec.mode === undefined ? {} : { mode: spec.mode }),
    ...(spec.profile === undefined ? {} : { profile: spec.profile }),
  };
  const base = blankDocument(app, { ...given, fill: layers?.length === 0 ? "transparent" : "white" });
  const made = layers && layers.length > 0 ? { ...base, layers: layers.map((one) => newFrom(app, base, one)) } : base;
  const ids = [...everyLayer(made.layers)]
    .map(({ layer }) => layer)
    .filter(({ name }) => spec.active?.includes(name) ?? false)
    .map(({ id }) => id);
  const [top] = made.layers;
  const active = spec.active ? ids : top ? [top.id] : [];
  return inDepth({ ...made, active, quickMask }, depth);
}

/** Makes the layer that a test describes, in the document's depth. */
export function layerFrom(app: Application, document: DocumentState, spec: LayerSpec): LayerState {
  const made = newFrom(app, { ...document, depth: 8 }, spec);
  const [deep] = inDepth({ ...document, depth: 8, layers: [made] }, document.depth).layers;
  return deep ?? made;
}

function newFrom(app: Application, document: DocumentState, spec: LayerSpec): LayerState {
  const { kind = "pixel", name } = spec;
  const box = spec.bounds ?? canvasOf(document);
  const isGroup = kind === "group" || kind === "artboard";
  const background = kind === "background";
  const locks = { all: false, pixels: false, position: background, transparency: background };
  return newLayer(app, document, {
    name,
    kind: isGroup ? "group" : background ? "pixel" : kind,
    background,
    visible: spec.visible ?? true,
    clipped: spec.clipped ?? false,
    locks: spec.locked ? { ...locks, [spec.locked]: true } : locks,
    ...(spec.opacity === undefined ? {} : { opacity: Math.round((spec.opacity * 255) / 100) }),
    ...(spec.blendMode === undefined ? {} : { blendMode: spec.blendMode }),
    layers: isGroup ? (spec.layers ?? []).map((one) => newFrom(app, document, one)) : null,
    artboard: kind === "artboard" ? box : null,
    ...(spec.fillOpacity === undefined ? {} : { fillOpacity: Math.round((spec.fillOpacity * 255) / 100) }),
    ...maskFrom(spec),
    text: spec.text ? { words: spec.text.words, color: spec.text.color ?? [0, 0, 0] } : null,
    ...shapeFrom(document, spec),
    ...(spec.content
      ? {}
      : {
          pixels:
            isGroup || kind === "curves" ? null : painted(emptyRaster(layerChannels(document), 8), box, spec.fill),
        }),
  });
}

function maskFrom({ mask }: LayerSpec): Partial<LayerState> {
  if (!mask) return {};
  const { bounds, fill: value, outside = 0, enabled = true, density = 100 } = mask;
  const filling: Filling = typeof value === "number" ? [value] : (x, y) => [value(x, y)];
  return {
    mask: painted(emptyRaster(1, 8, outside), bounds, filling),
    maskEnabled: enabled,
    maskDensity: Math.round((density * 255) / 100),
  };
}

function shapeFrom(document: DocumentState, spec: LayerSpec): Partial<LayerState> {
  const { vector, content, stroke = null, filled = true } = spec;
  const canvas = canvasOf(document);
  let made: Partial<LayerState> = {};
  if (vector) {
    const box = reachOf(vector.parts, 0, canvas);
    const cover = Uint8Array.from(coverageOf(vector.parts, box), (share) => Math.round(255 * share));
    made = {
      vector: { parts: vector.parts, enabled: vector.enabled ?? true, cover: write(emptyRaster(1, 8), box, cover) },
    };
  }
  if (!content) return made;
  const path = vector && vector.enabled !== false ? vector.parts : null;
  const pixels = shapePixels({ content, path, filled, stroke }, canvas);
  return { ...made, filling: { content, filled, stroke }, pixels };
}

/** A raster with a filling in a box. Without a filling nothing is painted. */
export function painted(raster: Raster, box: Bounds, filling: Filling | undefined): Raster {
  if (filling === undefined || isEmpty(box)) return raster;
  const scale = full(raster.depth) / 255;
  const scaled = (paint: Paint) => {
    const all = paint.length < raster.channels ? [...paint, 255] : paint;
    return all.map((value) => (raster.depth === 32 ? value * scale : Math.round(value * scale)));
  };
  if (typeof filling !== "function") return fill(raster, box, scaled(filling));
  const values = samples(raster.depth, widthOf(box) * heightOf(box) * raster.channels);
  for (let y = box.top, at = 0; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++, at += raster.channels) values.set(scaled(filling(x, y)), at);
  }
  return write(raster, box, values);
}

/** A selection as a test describes it. */
export function selectionFrom(area: Area | null, feather = 0): Raster | null {
  if (area === null) return null;
  let shape: Raster;
  if ("ellipse" in area) shape = ellipse(area.ellipse);
  else if ("mask" in area) shape = write(emptyRaster(1, 8), area.box, Uint8Array.from(area.mask));
  else shape = rectangle(area);
  return combined(null, feathered(shape, feather), "set");
}

/** A raster's pixels for a test: its smallest box, and the values in it. */
export interface Seen extends Bounds {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: Depth;
  readonly data: Samples;
}

/** What is in a box of a raster; without one, in the smallest box that holds all. */
export function seenOf(raster: Raster, box: Bounds = inkBounds(raster) ?? boxOf(0, 0, 0, 0)): Seen {
  const { channels, depth } = raster;
  return { ...box, width: widthOf(box), height: heightOf(box), channels, depth, data: read(raster, box) };
}
