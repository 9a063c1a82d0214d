import { type Bounds, boxOf, heightOf, isEmpty, join, meet, widthOf } from "./bounds.ts";

// Pixels without edges: tiles that are never changed once they are made. A change gives a new raster that shares every
// other tile, so that a history state costs what was painted. Values are the document's own: 0 to 255, 0 to 32768, or
// floats where 1 is white. It knows no colours: color.ts does.

/** Bits of a channel. */
export type Depth = 8 | 16 | 32;

/** Values of one depth. */
export type Samples = Uint8Array | Uint16Array | Float32Array;

/** An endless picture. The last channel is alpha, except in a mask, whose one channel is coverage. */
export interface Raster {
  readonly channels: number;
  readonly depth: Depth;
  /** What every channel holds where there is no tile. */
  readonly outside: number;
  readonly tiles: ReadonlyMap<number, Samples>;
}

/** Pixels along one side of a tile. */
export const side = 128;

const middle = 2 ** 20; // tiles on either side of the origin: far more than Photoshop's 300,000 pixels
const keyOf = (x: number, y: number): number => (y + middle) * 2 ** 21 + x + middle;

/** Where a tile's key puts it. */
export const placeOf = (key: number): Bounds =>
  boxOf(((key % 2 ** 21) - middle) * side, (Math.floor(key / 2 ** 21) - middle) * side, side, side);

/** The tile that is the x-th to the right and the y-th down. */
export const tileAt = (raster: Raster, x: number, y: number): Samples | undefined => raster.tiles.get(keyOf(x, y));

/** A raster of its kind that is made of these tiles. */
export const withTiles = (raster: Raster, tiles: Iterable<readonly [x: number, y: number, tile: Samples]>): Raster => ({
  ...raster,
  tiles: new Map([...tiles].map(([x, y, tile]) => [keyOf(x, y), tile])),
});

/** White in a depth: Photoshop's 16 bits end at 32768. */
export const full = (depth: Depth): number => (depth === 8 ? 255 : depth === 16 ? 32768 : 1);

/** Room for values of a depth, all 0. */
export const samples = (depth: Depth, length: number): Samples =>
  depth === 8 ? new Uint8Array(length) : depth === 16 ? new Uint16Array(length) : new Float32Array(length);

/** Nothing painted yet. */
export const emptyRaster = (channels: number, depth: Depth, outside = 0): Raster => ({
  channels,
  depth,
  outside,
  tiles: new Map(),
});

/** The keys and places of the tiles that a box touches. */
function* touched(box: Bounds): Generator<[key: number, place: Bounds]> {
  if (isEmpty(box)) return;
  for (let y = Math.floor(box.top / side); y * side < box.bottom; y++) {
    for (let x = Math.floor(box.left / side); x * side < box.right; x++) {
      yield [keyOf(x, y), boxOf(x * side, y * side, side, side)];
    }
  }
}

/** The values in a box, row by row, the channels of a pixel beside each other. */
export function read(raster: Raster, box: Bounds): Samples {
  const { channels, depth, outside, tiles } = raster;
  const wide = widthOf(box);
  const out = samples(depth, isEmpty(box) ? 0 : wide * heightOf(box) * channels);
  if (outside !== 0) out.fill(outside);
  for (const [key, place] of touched(box)) {
    const tile = tiles.get(key);
    if (!tile) continue;
    const part = meet(place, box);
    for (let y = part.top; y < part.bottom; y++) {
      const from = ((y - place.top) * side + part.left - place.left) * channels;
      const to = ((y - box.top) * wide + part.left - box.left) * channels;
      out.set(tile.subarray(from, from + widthOf(part) * channels), to);
    }
  }
  return out;
}

/** The raster with the values of a box replaced. */
export function write(raster: Raster, box: Bounds, values: Samples): Raster {
  const { channels, depth, outside } = raster;
  const wide = widthOf(box);
  const tiles = new Map(raster.tiles);
  for (const [key, place] of touched(box)) {
    const old = tiles.get(key);
    const tile = samples(depth, side * side * channels);
    if (old) tile.set(old);
    else if (outside !== 0) tile.fill(outside);
    const part = meet(place, box);
    for (let y = part.top; y < part.bottom; y++) {
      const from = ((y - box.top) * wide + part.left - box.left) * channels;
      const to = ((y - place.top) * side + part.left - place.left) * channels;
      tile.set(values.subarray(from, from + widthOf(part) * channels), to);
    }
    tiles.set(key, tile);
  }
  return { ...raster, tiles };
}

/** The raster with one colour all over a box. Whole tiles are one and the same, so that a huge fill costs nothing. */
export function fill(raster: Raster, box: Bounds, color: readonly number[]): Raster {
  const { channels, depth } = raster;
  const paint = (length: number): Samples => {
    const out = samples(depth, length * channels);
    for (let i = 0; i < out.length; i++) out[i] = color[i % channels] ?? 0;
    return out;
  };
  const whole = paint(side * side);
  const tiles = new Map(raster.tiles);
  for (const [key, place] of touched(box)) {
    const part = meet(place, box);
    if (widthOf(part) === side && heightOf(part) === side) {
      tiles.set(key, whole);
      continue;
    }
    const old = tiles.get(key);
    const one = { ...raster, tiles: new Map(old ? [[key, old]] : []) };
    const made = write(one, part, paint(widthOf(part) * heightOf(part))).tiles.get(key);
    if (made) tiles.set(key, made);
  }
  return { ...raster, tiles };
}

const inked = new WeakMap<Samples, Map<number, Bounds | null>>();

/** Where a tile holds something, measured from its own corner. */
function inkOf(tile: Samples, channels: number, outside: number): Bounds | null {
  const known = inked.get(tile) ?? new Map<number, Bounds | null>();
  const slot = channels * 2 + (outside === 0 ? 0 : 1);
  const found = known.get(slot);
  if (found !== undefined) return found;
  const blank = channels === 1 ? outside : 0;
  let [left, top, right, bottom] = [side, side, 0, 0];
  for (let i = channels - 1, pixel = 0; i < tile.length; i += channels, pixel++) {
    if (tile[i] === blank) continue;
    const x = pixel % side;
    const y = Math.floor(pixel / side);
    if (x < left) left = x;
    if (x >= right) right = x + 1;
    if (y < top) top = y;
    bottom = y + 1;
  }
  const ink = bottom === 0 ? null : { left, top, right, bottom };
  known.set(slot, ink);
  inked.set(tile, known);
  return ink;
}

const whole = new WeakMap<Raster, Bounds | null>();

/** The smallest box around all that is not transparent (in a mask: that is not as outside); null when there is nothing. */
export function inkBounds(raster: Raster): Bounds | null {
  const known = whole.get(raster);
  if (known !== undefined) return known;
  let all: Bounds | null = null;
  for (const [key, tile] of raster.tiles) {
    const ink = inkOf(tile, raster.channels, raster.outside);
    if (!ink) continue;
    const place = placeOf(key);
    const box = boxOf(place.left + ink.left, place.top + ink.top, widthOf(ink), heightOf(ink));
    all = all ? join(all, box) : box;
  }
  whole.set(raster, all);
  return all;
}

/** The smallest box around what is not transparent inside a box; null when there is nothing. */
export function inkWithin(raster: Raster, box: Bounds): Bounds | null {
  const ink = inkBounds(raster);
  if (!ink) return null;
  const area = meet(ink, box);
  if (isEmpty(area)) return null;
  if (area.left === ink.left && area.top === ink.top && area.right === ink.right && area.bottom === ink.bottom) {
    return ink;
  }
  return inkBounds(write(emptyRaster(raster.channels, raster.depth, raster.outside), area, read(raster, area)));
}

/** The raster moved by whole pixels. */
export function shifted(raster: Raster, x: number, y: number): Raster {
  const ink = inkBounds(raster);
  const blank = emptyRaster(raster.channels, raster.depth, raster.outside);
  if (!ink) return blank;
  return write(blank, boxOf(ink.left + x, ink.top + y, widthOf(ink), heightOf(ink)), read(raster, ink));
}

/** The raster with every value sent through a function that also may change channels and depth. */
export function mapped(
  raster: Raster,
  channels: number,
  depth: Depth,
  convert: (values: Samples) => Samples,
  outside = 0,
): Raster {
  const done = new Map<Samples, Samples>();
  const tiles = new Map<number, Samples>();
  for (const [key, tile] of raster.tiles) {
    const made = done.get(tile) ?? convert(tile);
    done.set(tile, made);
    tiles.set(key, made);
  }
  return { channels, depth, outside, tiles };
}

/** True when a question is answered yes for every value in a box. */
export function everyValue(raster: Raster, box: Bounds, test: (value: number) => boolean): boolean {
  const sure = new Set<Samples>();
  for (const [key, place] of touched(box)) {
    const tile = raster.tiles.get(key);
    if (!tile) {
      if (!test(raster.outside)) return false;
    } else if (!sure.has(tile)) {
      const part = meet(place, box);
      if (!read(raster, part).every(test)) return false;
      if (widthOf(part) === side && heightOf(part) === side) sure.add(tile);
    }
  }
  return true;
}
