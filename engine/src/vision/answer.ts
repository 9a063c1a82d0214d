import type { Tensor } from "../core/tensor.ts";
import type { SeenSize } from "./annotator.ts";
import type { FloatPlane } from "./plane.ts";

// What a net answers: numbers a place, at a size of its own. A map wants them at the source's size, row by row.

/**
 * The planes that a net gave, in order: those of its outputs that are one number a place, whatever sides of 1 stand
 * around ([1, 1, h, w], [1, h, w], [1, h, w, 1]). NaN and what is beyond all bounds count as 0.
 */
export function planesOf(outputs: Readonly<Record<string, Tensor>>): readonly FloatPlane[] {
  return Object.values(outputs).flatMap((output) => {
    const plane = planeOf(output);
    return plane ? [plane] : [];
  });
}

function planeOf({ dims, values }: Tensor): FloatPlane | null {
  if (dims.length < 2 || values.length === 0) return null;
  // Height and width are the last two sides, or the two before a channel that stands last.
  const last = dims.length > 3 && dims[1] !== 1 && dims.at(-1) === 1;
  const [height = 0, width = 0] = last ? dims.slice(-3, -1) : dims.slice(-2);
  if (width * height !== values.length) return null;
  const data = values instanceof Float32Array ? values : Float32Array.from(values);
  let sound = true;
  for (let i = 0; i < data.length && sound; i++) sound = Number.isFinite(data[i]);
  return { width, height, data: sound ? data : data.map((value) => (Number.isFinite(value) ? value : 0)) };
}

/** Fills a row of a map, number `y` from the top, with a net's numbers. */
export type Rows = (y: number, into: Float32Array) => void;

interface Axis {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly part: Float32Array;
}

/**
 * For each new place of an axis its two neighbours in an answer of `length` numbers, as OpenCV's linear filter has it. The
 * answer is of `whole` pixels, of which only the first `seen` are the picture's.
 */
function axis(length: number, seen: number, whole: number, to: number): Axis {
  const [first, second, part] = [new Int32Array(to), new Int32Array(to), new Float32Array(to)];
  const scale = length / whole;
  // The middle of the last pixel of the picture. An answer that is smaller blends it with what lies beyond, as annotators do
  // that stretch the answer first and cut it then.
  const end = scale * seen - Math.min(scale, 1) / 2 - 0.5;
  for (let x = 0; x < to; x++) {
    const place = Math.max(Math.min((scale * seen * (x + 0.5)) / to - 0.5, end), 0);
    const floor = Math.floor(place);
    first[x] = floor;
    second[x] = Math.min(floor + 1, length - 1);
    part[x] = place - floor;
  }
  return { first, second, part };
}

/**
 * A net's answer as rows of a map of `width` x `height`: what the net was given beside and below the picture is left out,
 * and between its places lies a straight line.
 */
export function rowsOf(plane: FloatPlane, seen: SeenSize, width: number, height: number): Rows {
  const columns = axis(plane.width, seen.width, seen.wholeWidth, width);
  const rows = axis(plane.height, seen.height, seen.wholeHeight, height);
  const across = [new Float32Array(width), new Float32Array(width)] as const;
  const held = [-1, -1];
  const { data } = plane;
  /** A row of the answer, stretched in x. Rows that follow each other share one, so each is made once. */
  const stretched = (row: number): Float32Array => {
    const slot = row % 2;
    const line = across[slot as 0 | 1];
    if (held[slot] === row) return line;
    held[slot] = row;
    const start = row * plane.width;
    const { first, second, part } = columns;
    for (let x = 0; x < width; x++) {
      const left = data[start + (first[x] as number)] as number;
      line[x] = left + ((data[start + (second[x] as number)] as number) - left) * (part[x] as number);
    }
    return line;
  };
  return (y, into) => {
    const upper = stretched(rows.first[y] as number);
    const part = rows.part[y] as number;
    if (part === 0 || rows.first[y] === rows.second[y]) {
      into.set(upper);
      return;
    }
    const lower = stretched(rows.second[y] as number);
    for (let x = 0; x < width; x++) {
      const above = upper[x] as number;
      into[x] = above + ((lower[x] as number) - above) * part;
    }
  };
}
