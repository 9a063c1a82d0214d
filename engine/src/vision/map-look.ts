import type { Pixels } from "../core/pixels.ts";
import { classesOf, flatColours } from "./classes.ts";

// What can be counted in a picture that tells one kind of map from another, whatever it shows. Numbers only: what they
// mean is for others to say.

/** A picture in numbers; shares are from 0 to 1, of all pixels where nothing else is said. */
export interface MapLook {
  /** Each level's share of the gray (the mean of the channels). */
  readonly levels: Float64Array;
  /** Whose channels lie more than 24 levels apart. */
  readonly coloured: number;
  /** All of whose channels are below 32. */
  readonly dark: number;
  /** All of whose channels lie within 12 levels of black, or all within 12 of white. */
  readonly twoTone: number;
  /** Where the gray bends by more than 6 levels along rows or columns: how far a pixel lies off the middle of its neighbours. */
  readonly rough: number;
  /** The mean bend everywhere else, in levels. */
  readonly bend: number;
  /** Whose right and lower neighbours have the same gray within one level. */
  readonly still: number;
  /** How many cells of 16 levels a channel hold nine tenths of the pixels. */
  readonly tones: number;
  /** Of the pixels that are not dark, those that read as directions: of length 1 within 0.15. */
  readonly unit: number;
  /** Of the pixels that are not dark, those whose direction faces the viewer: blue above the middle. */
  readonly facing: number;
  /** Of the pixels that are not dark, those in full colours: at least 0.6 between the channels, in parts of the largest. */
  readonly vivid: number;
}

/** Above so many pixels only some of the rows are looked at. */
const enough = 1 << 19;

/** Looks at a picture; alpha is not looked at. Takes no longer for a huge one than for a large one. */
export function mapLook(map: Pixels): MapLook {
  const { width, height, data } = map;
  const step = Math.max(1, Math.floor((width * height) / enough));
  const rows = Math.ceil(height / step);
  const total = width * rows;
  const levels = new Float64Array(256);
  const cells = new Int32Array(1 << 12);
  let [coloured, dark, twoTone, unit, facing, vivid] = [0, 0, 0, 0, 0, 0];
  for (let row = 0, from = 0; row < rows; row++) {
    from = 4 * width * row * step;
    for (let x = 0; x < width; x++, from += 4) {
      const red = data[from] as number;
      const green = data[from + 1] as number;
      const blue = data[from + 2] as number;
      const most = Math.max(red, green, blue);
      const least = Math.min(red, green, blue);
      const level = ((red + green + blue) * 21846) >> 16;
      levels[level] = (levels[level] as number) + 1;
      if (most - least > 24) coloured++;
      if (most < 32) dark++;
      else if (10 * (most - least) >= 6 * most) vivid++;
      if (most <= 12 || least >= 243) twoTone++;
      const cell = ((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4);
      cells[cell] = (cells[cell] as number) + 1;
      const x = 2 * red - 255;
      const y = 2 * green - 255;
      const z = 2 * blue - 255;
      const length = x * x + y * y + z * z;
      // 0.85 and 1.15 of 255, squared.
      if (length > 46_980 && length < 85_994) unit++;
      if (z > 0 && most >= 32) facing++;
    }
  }
  const lit = total - dark;
  const { bend, rough, still } = bends(map, step);
  return {
    levels: levels.map((count) => count / total),
    coloured: coloured / total,
    dark: dark / total,
    twoTone: twoTone / total,
    bend,
    rough,
    still,
    tones: tonesOf(cells, total),
    unit: lit > 0 ? unit / lit : 0,
    facing: lit > 0 ? facing / lit : 0,
    vivid: lit > 0 ? vivid / lit : 0,
  };
}

/** How the gray bends between neighbours, in every `step`-th row. */
function bends({ width, height, data }: Pixels, step: number): Pick<MapLook, "bend" | "rough" | "still"> {
  const gray = (i: number) => (data[i] as number) + (data[i + 1] as number) + (data[i + 2] as number);
  // Three times the gray, so that nothing is rounded; a bend is counted in sixths of a level.
  let [sum, rough, still, total] = [0, 0, 0, 0];
  const pitch = 4 * width;
  for (let y = 0; y < height; y += step) {
    const above = y > 0 ? pitch : 0;
    const below = y + 1 < height ? pitch : 0;
    let [left, here] = [0, gray(y * pitch)];
    for (let x = 0, i = y * pitch; x < width; x++, i += 4) {
      const right = x + 1 < width ? gray(i + 4) : here;
      const down = gray(i + below);
      const across = x > 0 && x + 1 < width ? Math.abs(2 * here - left - right) : 0;
      const along = above !== 0 && below !== 0 ? Math.abs(2 * here - gray(i - above) - down) : 0;
      const bend = Math.max(across, along);
      if (bend > 36) rough++;
      else sum += bend;
      if (Math.abs(here - right) <= 3 && Math.abs(here - down) <= 3) still++;
      total++;
      left = here;
      here = right;
    }
  }
  return { bend: sum / (6 * Math.max(1, total - rough)), rough: rough / total, still: still / total };
}

/** A picture's flat areas: the share of its pixels in a colour that fills one, and how many colours those are. */
export function flatLook(map: Pixels): { readonly flat: number; readonly colours: number } {
  const colours = flatColours(map);
  return { flat: shareOf(map, colours), colours: colours.length };
}

/** The share of a picture that has exactly one of some colours. */
function shareOf(map: Pixels, colours: readonly number[]): number {
  const { data } = map;
  const classes = classesOf(map, colours).data;
  let count = 0;
  for (let i = 0, from = 0; i < classes.length; i++, from += 4) {
    const colour = ((data[from] as number) << 16) | ((data[from + 1] as number) << 8) | (data[from + 2] as number);
    if (colour === colours[classes[i] as number]) count++;
  }
  return count / classes.length;
}

/** How many of some counts, the largest first, add up to nine tenths of all. */
function tonesOf(cells: Int32Array, total: number): number {
  const sorted = cells.slice().sort();
  let [sum, tones] = [0, 0];
  for (let k = sorted.length - 1; k >= 0 && 10 * sum < 9 * total; k--, tones++) sum += sorted[k] as number;
  return tones;
}

/**
 * The seams of a picture: the share of columns or rows, whichever is larger, along which the colour changes anywhere, and
 * how much of those lines it does. A grid of squares has few, and changes all along them.
 */
export function seamLook({ width, height, data }: Pixels): { readonly share: number; readonly filled: number } {
  const columns = new Int32Array(width);
  const rows = new Int32Array(height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      if (x > 0 && changes(data, i, i - 4)) columns[x] = (columns[x] as number) + 1;
      if (y > 0 && changes(data, i, i - 4 * width)) rows[y] = (rows[y] as number) + 1;
    }
  }
  const lines = (counts: Int32Array) => counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const changed = (counts: Int32Array) => counts.reduce((sum, count) => sum + count, 0);
  const along = lines(columns) * height + lines(rows) * width;
  return {
    share: Math.max(lines(columns) / width, lines(rows) / height),
    filled: along > 0 ? (changed(columns) + changed(rows)) / along : 0,
  };
}

function changes(data: Uint8ClampedArray, one: number, other: number): boolean {
  return data[one] !== data[other] || data[one + 1] !== data[other + 1] || data[one + 2] !== data[other + 2];
}
