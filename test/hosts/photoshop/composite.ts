import { type Bounds, heightOf, isEmpty, widthOf } from "./bounds.ts";
import { levelOf, type Picture } from "./pyramid.ts";
import { full, type Raster, read, samples } from "./raster.ts";
import { type DocumentState, type LayerState, layerChannels } from "./state.ts";

// What is seen of a document: layers over each other with opacity, masks, groups and clipping. Blend modes are normal,
// multiply and screen (and pass through for groups); a document with another one cannot be composited here and says so.

/** Shares of full: colours, straight, and alpha last. */
interface Sheet {
  readonly channels: number;
  readonly values: Float32Array;
}

const blends: Readonly<Record<string, (below: number, above: number) => number>> = {
  normal: (_, above) => above,
  multiply: (below, above) => below * above,
  screen: (below, above) => below + above - below * above,
};

/** A box of the document's picture, in its own channels with alpha, at a cache level; the box is in that level's pixels. */
export function composite(document: DocumentState, box: Bounds, level = 0): Picture {
  const channels = layerChannels(document);
  const sheet = blank(channels, box);
  drawAll(document.layers, sheet, box, level);
  const data = samples(document.depth, sheet.values.length);
  const most = full(document.depth);
  const round = document.depth === 32 ? (v: number) => v : Math.round;
  for (let i = 0; i < data.length; i++) data[i] = round((sheet.values[i] as number) * most);
  return { width: widthOf(box), height: heightOf(box), channels, depth: document.depth, data };
}

/** A layer's own pixels, or what a group shows, as `composite` gives them; masks and opacity of the layer left out. */
export function layerPicture(document: DocumentState, layer: LayerState, box: Bounds, level = 0): Picture {
  const bare = {
    ...layer,
    visible: true,
    opacity: 255,
    fillOpacity: 255,
    blendMode: "normal",
    mask: null,
    vector: null,
    clipped: false,
  };
  return composite({ ...document, layers: [bare] }, box, level);
}

const blank = (channels: number, box: Bounds): Sheet => ({
  channels,
  values: new Float32Array(isEmpty(box) ? 0 : widthOf(box) * heightOf(box) * channels),
});

/** Draws a list of layers from the lowest up. Clipped layers are drawn with the one they are clipped to. */
function drawAll(layers: readonly LayerState[], sheet: Sheet, box: Bounds, level: number): void {
  for (let i = layers.length - 1; i >= 0; i--) {
    const base = layers[i] as LayerState;
    const clipped: LayerState[] = [];
    while (layers[i - 1]?.clipped) clipped.push(layers[--i] as LayerState);
    if (base.visible) draw(base, clipped, sheet, box, level);
  }
}

function draw(layer: LayerState, clipped: readonly LayerState[], sheet: Sheet, box: Bounds, level: number): void {
  const cover = coverOf(layer, box, level);
  if (layer.layers && layer.blendMode === "passThrough" && clipped.length === 0) {
    const through = cover ? { ...sheet, values: sheet.values.slice() } : sheet;
    drawAll(layer.layers, through, box, level);
    if (cover) mix(sheet, through, cover);
    return;
  }
  const source = blank(sheet.channels, box);
  if (layer.layers) drawAll(layer.layers, source, box, level);
  else if (layer.pixels) readInto(layer.pixels, source, box, level);
  else return;
  for (const above of clipped) {
    if (!above.visible) continue;
    const over = blank(sheet.channels, box);
    if (above.layers) drawAll(above.layers, over, box, level);
    else if (above.pixels) readInto(above.pixels, over, box, level);
    blend(source, over, blendOf(above), coverOf(above, box, level), true);
  }
  blend(sheet, source, blendOf(layer), cover, false);
}

function blendOf({ blendMode, name }: LayerState): (below: number, above: number) => number {
  const found = blends[blendMode === "passThrough" ? "normal" : blendMode];
  if (!found) throw new Error(`The simulator composites no blend mode "${blendMode}", which layer "${name}" has.`);
  return found;
}

/** Opacity and mask as one share for each pixel; null when all is seen. */
function coverOf(layer: LayerState, box: Bounds, level: number): Float32Array | null {
  const { opacity, fillOpacity, mask, maskEnabled, maskDensity, vector, filling } = layer;
  const all = (opacity / 255) * (fillOpacity / 255);
  const hidden = mask && maskEnabled ? mask : null;
  // A fill layer's shape is in its pixels already.
  const outer = vector?.enabled && !filling ? vector.cover : null;
  if (!hidden && !outer && all === 1) return null;
  const cover = new Float32Array(widthOf(box) * heightOf(box)).fill(all);
  for (const [raster, density] of [
    [hidden, maskDensity / 255],
    [outer, 1],
  ] as const) {
    if (!raster) continue;
    const values = read(levelOf(raster, level), box);
    const most = full(raster.depth);
    for (let i = 0; i < cover.length; i++) {
      cover[i] = (cover[i] as number) * (1 - density * (1 - (values[i] as number) / most));
    }
  }
  return cover;
}

function readInto(raster: Raster, sheet: Sheet, box: Bounds, level: number): void {
  const values = read(levelOf(raster, level), box);
  const most = full(raster.depth);
  for (let i = 0; i < values.length; i++) sheet.values[i] = (values[i] as number) / most;
}

/** A sheet over another. `atop` keeps the lower one's alpha, as clipping does. */
function blend(
  below: Sheet,
  above: Sheet,
  mode: (below: number, above: number) => number,
  cover: Float32Array | null,
  atop: boolean,
): void {
  const { channels, values } = below;
  const colors = channels - 1;
  for (let pixel = 0, at = 0; at < values.length; pixel++, at += channels) {
    const alphaAbove = (above.values[at + colors] as number) * (cover?.[pixel] ?? 1);
    if (alphaAbove === 0) continue;
    const alphaBelow = values[at + colors] as number;
    const alpha = atop ? alphaBelow : alphaAbove + alphaBelow * (1 - alphaAbove);
    if (alpha === 0) continue;
    // Clipping happens inside the lower one's shape, where it counts as solid.
    const ground = atop ? 1 : alphaBelow;
    const share = atop ? alphaAbove : alphaAbove / alpha;
    for (let c = at; c < at + colors; c++) {
      const [old, source] = [values[c] as number, above.values[c] as number];
      const mixed = (1 - ground) * source + ground * mode(old, source);
      values[c] = share === 1 ? mixed : old * (1 - share) + share * mixed;
    }
    values[at + colors] = alpha;
  }
}

/** Between what was there and what a group made of it, by the group's opacity and mask. */
function mix(below: Sheet, after: Sheet, cover: Float32Array): void {
  const { channels, values } = below;
  const colors = channels - 1;
  for (let pixel = 0, at = 0; at < values.length; pixel++, at += channels) {
    const share = cover[pixel] as number;
    const [from, to] = [(values[at + colors] as number) * (1 - share), (after.values[at + colors] as number) * share];
    const alpha = from + to;
    for (let c = at; c < at + colors; c++) {
      values[c] = alpha === 0 ? 0 : ((values[c] as number) * from + (after.values[c] as number) * to) / alpha;
    }
    values[at + colors] = alpha;
  }
}

/** Colours over white, in a depth; what `applyAlpha` and a Background do with transparency. */
export function matted(picture: Picture): Picture {
  const { width, height, channels, depth, data } = picture;
  const colors = channels - 1;
  const out = samples(depth, width * height * colors);
  const most = full(depth);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = (data[pixel * channels + colors] as number) / most;
    for (let c = 0; c < colors; c++) {
      const value = (data[pixel * channels + c] as number) * alpha + most * (1 - alpha);
      out[pixel * colors + c] = depth === 32 ? value : Math.round(value);
    }
  }
  return { width, height, channels: colors, depth, data: out, opaque: true };
}

/** The picture without its alpha channel, where that is full. */
export function withoutAlpha(picture: Picture): Picture {
  const { channels, depth, data } = picture;
  const colors = channels - 1;
  const out = samples(depth, (data.length / channels) * colors);
  for (let i = 0, to = 0; i < data.length; i += channels) {
    for (let c = 0; c < colors; c++) out[to++] = data[i + c] as number;
  }
  return { ...picture, channels: colors, data: out, opaque: true };
}

/** The picture with an alpha channel that is full everywhere. */
export function withAlpha(picture: Picture): Picture {
  const { channels, depth, data } = picture;
  const out = samples(depth, (data.length / channels) * (channels + 1)).fill(full(depth));
  for (let i = 0, to = 0; i < data.length; i += channels, to += channels + 1) {
    for (let c = 0; c < channels; c++) out[to + c] = data[i + c] as number;
  }
  return { ...picture, channels: channels + 1, data: out, opaque: false };
}
