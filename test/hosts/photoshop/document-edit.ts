import { type Bounds, boxOf, heightOf, isEmpty, join, widthOf } from "./bounds.ts";
import { type Coding, channelsOf, convert, rescaled, working } from "./color.ts";
import { HostError } from "./failure.ts";
import { stretched, translated } from "./layer-edit.ts";
import { type Depth, full, inkBounds, mapped, type Raster } from "./raster.ts";
import { canvasOf, codingOf, type DocumentState, type LayerState, type Mode, spaceOf } from "./state.ts";

// What changes a whole document: its size, its mode, its depth.

const everywhere = (layers: readonly LayerState[], change: (layer: LayerState) => LayerState): readonly LayerState[] =>
  layers.map((layer) => {
    const made = change(layer);
    return made.layers ? { ...made, layers: everywhere(made.layers, change) } : made;
  });

/** The document in another mode, its colours converted. Modes that hold no layers keep only what is there as one. */
export function inMode(document: DocumentState, mode: Mode, profile?: string): DocumentState {
  const space = spaceOf(mode);
  const from = codingOf(document);
  if (!space) return { ...document, mode };
  const to: Coding = { space, profile: profile ?? working[space], depth: document.depth };
  const change = (layer: LayerState): LayerState => ({
    ...layer,
    pixels: layer.pixels && recoded(layer.pixels, from, to),
  });
  return { ...document, mode, profile: to.profile, layers: everywhere(document.layers, change) };
}

const recoded = (raster: Raster, from: Coding, to: Coding): Raster =>
  mapped(raster, channelsOf[to.space] + 1, to.depth, (values) => convert(values, from, to, true));

/** The document with another number of bits a channel. */
export function inDepth(document: DocumentState, depth: Depth): DocumentState {
  const from = codingOf(document);
  const bare = document.profile.replace(" (Linear RGB Profile)", "");
  const profile = depth === 32 && from.space === "RGB" && bare !== "None" ? `${bare} (Linear RGB Profile)` : bare;
  const to = { ...from, depth, profile: from.profile.replace(" (Linear RGB Profile)", "") };
  const cover = (mask: Raster): Raster => {
    const outside = mask.outside === 0 ? 0 : full(depth);
    return mapped(mask, 1, depth, (values) => rescaled(values, mask.depth, depth), outside);
  };
  const change = (layer: LayerState): LayerState => ({
    ...layer,
    pixels: layer.pixels && recoded(layer.pixels, from, to),
    mask: layer.mask && cover(layer.mask),
  });
  return { ...document, depth, profile, layers: everywhere(document.layers, change) };
}

/** The document on another canvas: what lay at the new corner lies at 0, 0. */
export function onCanvas(document: DocumentState, box: Bounds): DocumentState {
  if (isEmpty(box)) throw new HostError("A canvas needs at least one pixel");
  const moved = document.layers.map((layer) => movedFreely(layer, -box.left, -box.top));
  return { ...document, width: widthOf(box), height: heightOf(box), layers: moved, selection: null };
}

const movedFreely = (layer: LayerState, x: number, y: number): LayerState => {
  const free = { all: false, pixels: false, position: false, transparency: false };
  const made = translated({ ...layer, background: false, locks: free, layers: null }, x, y);
  return {
    ...made,
    background: layer.background,
    locks: layer.locks,
    layers: layer.layers?.map((one) => movedFreely(one, x, y)) ?? null,
  };
};

/** The document and all in it in another size. */
export function inSize(document: DocumentState, width: number, height: number, resolution?: number): DocumentState {
  const [across, down] = [width / document.width, height / document.height];
  const scaled = (raster: Raster | null): Raster | null => {
    if (!raster) return null;
    const ink = inkBounds(raster);
    const canvas = canvasOf(document);
    const from = ink ? join(canvas, ink) : canvas;
    const to = boxOf(
      Math.round(from.left * across),
      Math.round(from.top * down),
      Math.max(1, Math.round(widthOf(from) * across)),
      Math.max(1, Math.round(heightOf(from) * down)),
    );
    return stretched(raster, from, to);
  };
  const change = (layer: LayerState): LayerState => ({
    ...layer,
    pixels: scaled(layer.pixels),
    mask: scaled(layer.mask),
  });
  const layers = everywhere(document.layers, change);
  return { ...document, width, height, resolution: resolution ?? document.resolution, layers, selection: null };
}
