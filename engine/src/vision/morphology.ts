import type { Plane } from "./plane.ts";

/** The form of an element, as OpenCV's `getStructuringElement` draws them. */
export type ElementShape = "square" | "cross" | "ellipse";

/** The lowest value within the element about each pixel. What lies outside of the plane does not count. */
export function erode(plane: Plane, shape: ElementShape, size: number): Plane {
  return { ...plane, data: swept(plane, shape, size, 255) };
}

/** The highest value within the element about each pixel. What lies outside of the plane does not count. */
export function dilate(plane: Plane, shape: ElementShape, size: number): Plane {
  return { ...plane, data: swept(plane, shape, size, 0) };
}

/** What is left of bright things that the element fits into: lowest, then highest. */
export function open(plane: Plane, shape: ElementShape, size: number): Plane {
  return dilate(erode(plane, shape, size), shape, size);
}

/** Dark things that the element does not fit into, filled up: highest, then lowest. */
export function close(plane: Plane, shape: ElementShape, size: number): Plane {
  return erode(dilate(plane, shape, size), shape, size);
}

/**
 * The rows of an element of `size` x `size` pixels about its middle pixel, as how far each reaches to either side.
 * Throws a `RangeError` for a size that is not whole, odd and at least 1.
 */
export function elementRows(shape: ElementShape, size: number): Int32Array {
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) {
    throw new RangeError(`size: an element has a whole, odd side of at least 1 pixel, not ${size}.`);
  }
  const reach = size >> 1;
  return Int32Array.from({ length: size }, (_, row) => {
    const down = row - reach;
    if (shape === "square") return reach;
    if (shape === "cross") return down === 0 ? reach : 0;
    // Rounds halves to even, as OpenCV's cvRound does.
    const wide = reach === 0 ? 0 : reach * Math.sqrt((reach * reach - down * down) / (reach * reach));
    const floor = Math.floor(wide);
    return wide - floor === 0.5 ? floor + (floor & 1) : Math.round(wide);
  });
}

/** Sweeps a plane with an element. `rest` is what counts nothing: 255 looks for the lowest, 0 for the highest. */
function swept({ width, height, data }: Plane, shape: ElementShape, size: number, rest: 0 | 255): Uint8Array {
  const rows = elementRows(shape, size);
  const reach = size >> 1;
  const lowest = rest === 255;
  // Rows of the element that reach equally far share one sweep along the picture's rows.
  const result = new Uint8Array(data.length).fill(rest);
  for (const wide of new Set(rows)) {
    const along = wide === 0 ? data : alongRows(data, width, height, wide, lowest);
    const downs = [...rows.keys()].filter((row) => rows[row] === wide).map((row) => row - reach);
    const [first, last] = [downs[0] as number, downs[downs.length - 1] as number];
    if (downs.length > 4 && last - first === downs.length - 1) {
      downColumns(along, result, width, height, first, last, lowest);
      continue;
    }
    for (const down of downs) {
      const [top, bottom] = [Math.max(0, -down), Math.min(height, height - down)];
      mix(result, along, top * width, (top + down) * width, Math.max(0, bottom - top) * width, lowest);
    }
  }
  return result;
}

function mix(to: Uint8Array, from: Uint8Array, start: number, other: number, count: number, lowest: boolean): void {
  if (lowest) {
    for (let i = 0; i < count; i++) {
      const value = from[other + i] as number;
      if (value < (to[start + i] as number)) to[start + i] = value;
    }
  } else {
    for (let i = 0; i < count; i++) {
      const value = from[other + i] as number;
      if (value > (to[start + i] as number)) to[start + i] = value;
    }
  }
}

/**
 * The extremes of windows of `2 * wide + 1` pixels along each row in a time that does not depend on their width: the
 * row is cut into blocks of a window's length; each window is the end of one block and the start of the next (van Herk
 * 1992, Gil and Werman 1993).
 */
function alongRows(data: Uint8Array, width: number, height: number, wide: number, lowest: boolean): Uint8Array {
  const span = 2 * wide + 1;
  const rest = lowest ? 255 : 0;
  const length = Math.ceil((width + 2 * wide) / span) * span;
  const line = new Uint8Array(length);
  const forth = new Uint8Array(length);
  const back = new Uint8Array(length);
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    line.fill(rest);
    line.set(data.subarray(y * width, (y + 1) * width), wide);
    for (let block = 0; block < length; block += span) {
      let kept = rest;
      for (let i = block; i < block + span; i++) {
        const value = line[i] as number;
        if (lowest ? value < kept : value > kept) kept = value;
        forth[i] = kept;
      }
      kept = rest;
      for (let i = block + span - 1; i >= block; i--) {
        const value = line[i] as number;
        if (lowest ? value < kept : value > kept) kept = value;
        back[i] = kept;
      }
    }
    for (let x = 0, to = y * width; x < width; x++, to++) {
      const before = back[x] as number;
      const after = forth[x + span - 1] as number;
      result[to] = (lowest ? before < after : before > after) ? before : after;
    }
  }
  return result;
}

/** The same down columns, a row at a time; mixes rows `first` to `last` about each one into `result`. */
function downColumns(
  along: Uint8Array,
  result: Uint8Array,
  width: number,
  height: number,
  first: number,
  last: number,
  lowest: boolean,
): void {
  const span = last - first + 1;
  const rest = lowest ? 255 : 0;
  const back = new Uint8Array(span * width);
  const forth = new Uint8Array(width);
  // Row `first` of the first window is the first row of the first block.
  for (let block = first; block < height + first; block += span) {
    // Extremes from each row to the end of this block.
    back.fill(rest);
    for (let k = span - 1; k >= 0; k--) {
      const y = block + k;
      if (k < span - 1) back.copyWithin(k * width, (k + 1) * width, (k + 2) * width);
      if (y >= 0 && y < height) mix(back, along, k * width, y * width, width, lowest);
    }
    // The next block grows row by row.
    forth.fill(rest);
    for (let k = 0; k < span; k++) {
      const target = block + k - first;
      if (k > 0) {
        const y = block + span + k - 1;
        if (y >= 0 && y < height) mix(forth, along, 0, y * width, width, lowest);
      }
      if (target < 0 || target >= height) continue;
      mix(result, back, target * width, k * width, width, lowest);
      if (k > 0) mix(result, forth, target * width, 0, width, lowest);
    }
  }
}
