import { inRows, inStretches, part } from "../vision/part.ts";
import type { FloatPlane, Plane } from "../vision/plane.ts";
import type { Box } from "./box.ts";

/** How a mask is blown up. */
export interface BalloonOptions {
  /** From about how far in from the rim it is flat, in pixels; 0 for nowhere. */
  readonly rim: number;
}

/** What a balloon needs of one size of its mask, with a border of one cell all around. */
interface Grid {
  readonly width: number;
  readonly height: number;
  /** 1 inside. */
  readonly inside: Uint8Array;
  /** For each row, its first cell inside and the one after its last; both 0 for none. */
  readonly spans: Int32Array;
  /** How many pixels a cell is wide. */
  readonly cell: number;
}

/** Sides at which the frame cuts a mask off, so that its surface goes on level. */
interface Cuts {
  readonly left: boolean;
  readonly top: boolean;
  readonly right: boolean;
  readonly bottom: boolean;
}

/** A grid as small as this is solved for good; each finer one starts from the one before. */
const smallest = 12;
const coarseSweeps = 60;
const fineSweeps = 16;

/** How far a sweep goes beyond its target: more than 1, so that few are enough. */
const boldness = 1.5;

/** How many cells are looked at between two steps of the generator. */
const stride = 1 << 18;

/**
 * Blows up a mask like a balloon: heights in pixels, 0 at the rim, without creases; a disc becomes half a ball. What the
 * frame of `width` x `height` cuts off has no rim there; a mask without any rim is flat. The square of the height obeys
 * Poisson's equation, solved from coarse grids to fine ones; with `rim` it is held down, so that it levels off. The plane
 * has one pixel more on each side than the mask, as the surface goes on there. Yields now and then.
 */
export function* balloonOf(
  mask: Plane,
  box: Box,
  frame: { readonly width: number; readonly height: number },
  { rim }: BalloonOptions,
): Generator<number, FloatPlane, void> {
  const { width, height } = mask;
  const cuts = {
    left: box.left === 0,
    top: box.top === 0,
    right: box.right === frame.width,
    bottom: box.bottom === frame.height,
  };
  const grids = yield* part(gridsOf(mask), 0, 0.05);
  const whole = grids[0] as Grid;
  const size = { width: width + 2, height: height + 2 };
  if (!hasRim(whole, cuts)) return { ...size, data: new Float32Array(whole.inside.length) };
  yield 0.05;
  // Far from the rim the equation's answer is the square of the length that holds it down; half of it is the height's.
  const hold = rim > 0 ? 4 / (rim * rim) : 0;
  let squares: Float32Array | null = null;
  for (let at = grids.length - 1; at >= 0; at--) {
    const grid = grids[at] as Grid;
    const started: Float32Array = squares
      ? yield* part(refined(squares, grids[at + 1] as Grid, grid), 0.5, 0)
      : beginning(grid);
    yield* settle(grid, started, hold, cuts, squares ? fineSweeps : coarseSweeps);
    squares = started;
  }
  const heights = squares as Float32Array;
  level(whole, heights, cuts);
  const root = (start: number, end: number) => {
    for (let i = start; i < end; i++) heights[i] = 2 * Math.sqrt(Math.max(0, heights[i] as number));
  };
  yield* part(inStretches(heights.length, root), 0.9, 0.1);
  return { ...size, data: heights };
}

/** The mask in sizes that halve, the largest first. */
function* gridsOf({ width, height, data }: Plane): Generator<number, readonly Grid[], void> {
  const first = new Uint8Array((width + 2) * (height + 2));
  const mark = (y: number) => {
    for (let x = 0, from = y * width, to = (y + 1) * (width + 2) + 1; x < width; x++)
      first[to++] = (data[from++] as number) >= 128 ? 1 : 0;
  };
  yield* part(inRows(width, height, mark), 0, 0.5);
  const grids: Grid[] = [{ width, height, inside: first, spans: spansOf(first, width, height), cell: 1 }];
  for (;;) {
    const last = grids.at(-1) as Grid;
    if (Math.max(last.width, last.height) <= smallest) return grids;
    const [w, h] = [Math.ceil(last.width / 2), Math.ceil(last.height / 2)];
    const inside = new Uint8Array((w + 2) * (h + 2));
    const gather = (y: number) => {
      for (let x = 0; x < w; x++) {
        let sum = 0;
        let count = 0;
        for (let dy = 0; dy < 2 && 2 * y + dy < last.height; dy++) {
          for (let dx = 0; dx < 2 && 2 * x + dx < last.width; dx++) {
            sum += last.inside[(2 * y + dy + 1) * (last.width + 2) + 2 * x + dx + 1] as number;
            count++;
          }
        }
        inside[(y + 1) * (w + 2) + x + 1] = 2 * sum >= count ? 1 : 0;
      }
    };
    yield* part(inRows(w, h, gather, 1 << 16), 0.5, 0);
    grids.push({ width: w, height: h, inside, spans: spansOf(inside, w, h), cell: 2 * last.cell });
  }
}

function spansOf(inside: Uint8Array, width: number, height: number): Int32Array {
  const spans = new Int32Array(2 * height);
  for (let y = 0; y < height; y++) {
    const row = (y + 1) * (width + 2);
    let first = 1;
    let last = width;
    while (first <= width && inside[row + first] === 0) first++;
    if (first > width) continue;
    while (inside[row + last] === 0) last--;
    spans[2 * y] = first;
    spans[2 * y + 1] = last + 1;
  }
  return spans;
}

/** True where the surface has an edge that is seen. */
function hasRim({ width, height, inside }: Grid, { left, top, right, bottom }: Cuts): boolean {
  if (!left || !top || !right || !bottom) return true;
  for (let y = 1; y <= height; y++) {
    for (let x = 1; x <= width; x++) if (inside[y * (width + 2) + x] === 0) return true;
  }
  return false;
}

function beginning({ inside, width, height, cell }: Grid): Float32Array {
  const side = Math.max(width, height) * cell;
  return Float32Array.from(inside, (value) => (value * side * side) / 32);
}

/** The answer of a coarser grid as the start of the next finer one. */
function* refined(coarse: Float32Array, from: Grid, to: Grid): Generator<number, Float32Array, void> {
  const fine = new Float32Array(to.inside.length);
  const spread = (y: number) => {
    const row = ((y >> 1) + 1) * (from.width + 2) + 1;
    for (let x = 0, at = (y + 1) * (to.width + 2) + 1; x < to.width; x++, at++) {
      if (to.inside[at] === 1) fine[at] = coarse[row + (x >> 1)] as number;
    }
  };
  yield* inRows(to.width, to.height, spread);
  return fine;
}

/** Moves each cell towards what its four neighbours ask of it: first the black squares of a chessboard, then the white. */
function* settle(
  grid: Grid,
  squares: Float32Array,
  hold: number,
  cuts: Cuts,
  sweeps: number,
): Generator<number, void, void> {
  const { width, height, inside, spans, cell } = grid;
  const pitch = width + 2;
  const lift = cell * cell;
  const weight = 1 / (4 + hold * lift);
  let looked = 0;
  for (let half = 0; half < 2 * sweeps; half++) {
    level(grid, squares, cuts);
    for (let y = 1; y <= height; y++) {
      const first = spans[2 * y - 2] as number;
      const end = spans[2 * y - 1] as number;
      for (let x = first + ((first + y + half) & 1), at = y * pitch + x; x < end; x += 2, at += 2) {
        if (inside[at] === 0) continue;
        const around =
          (squares[at - 1] as number) +
          (squares[at + 1] as number) +
          (squares[at - pitch] as number) +
          (squares[at + pitch] as number);
        const here = squares[at] as number;
        squares[at] = here + boldness * ((around + lift) * weight - here);
      }
      looked += end - first;
      if (looked < stride) continue;
      looked = 0;
      yield 0.5;
    }
  }
}

/** Lets the surface go on level beyond the frame. */
function level({ width, height }: Grid, squares: Float32Array, { left, top, right, bottom }: Cuts): void {
  const pitch = width + 2;
  for (let y = 1, at = pitch; y <= height; y++, at += pitch) {
    if (left) squares[at] = squares[at + 1] as number;
    if (right) squares[at + width + 1] = squares[at + width] as number;
  }
  if (top) squares.copyWithin(0, pitch, 2 * pitch);
  if (bottom) squares.copyWithin((height + 1) * pitch, height * pitch, (height + 1) * pitch);
}
