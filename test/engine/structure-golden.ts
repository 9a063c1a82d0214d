import { readFileSync } from "node:fs";
import { createPixels, type Pixels } from "@underdraw/engine";

/** The numbers of a golden .npy file of 32-bit floats, with its shape. */
export function readNumbers(name: string): { readonly dims: readonly number[]; readonly values: Float32Array } {
  const bytes = readFileSync(new URL(`../golden/conditions/${name}`, import.meta.url));
  const end = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, end);
  const shape = /'descr': '<f4', 'fortran_order': False, 'shape': \(([\d, ]+)\)/.exec(header)?.[1];
  if (shape === undefined) throw new Error(`${name} holds no 32-bit floats in rows: ${header}`);
  const dims = shape
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const count = dims.reduce((a, b) => a * b, 1);
  return {
    dims,
    values: new Float32Array(bytes.buffer.slice(bytes.byteOffset + end, bytes.byteOffset + end + 4 * count)),
  };
}

/** A picture made by a rule: red, green, blue and, if there are four, alpha of each pixel. */
export function painted(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Pixels {
  const pixels = createPixels(width, height);
  for (let i = 0; i < width * height; i++) {
    const [red = 0, green = red, blue = red, alpha = 255] = colour(i % width, Math.floor(i / width));
    pixels.data.set([red, green, blue, alpha], 4 * i);
  }
  return pixels;
}

/** The first channel of a picture, row by row, as text: one character a pixel by `signs`, or the number. */
export function rows({ width, height, data }: Pixels, signs?: (value: number) => string): readonly string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const value = data[4 * (y * width + x)] as number;
      return signs ? signs(value) : String(value);
    }).join(signs ? "" : " "),
  );
}

/** White as `#`, black as `.`, else `?`. */
export const ink = (value: number): string => (value === 255 ? "#" : value === 0 ? "." : "?");

/** The result of work that yields. */
export function finished<T>(work: Generator<number, T, void>): T {
  let last = 0;
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (!(step.value >= last && step.value <= 1)) throw new Error(`progress went from ${last} to ${step.value}`);
    last = step.value;
  }
}

/** The same numbers on every run, from 0 to 1. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Whether two lists hold the same numbers; on long ones faster by far than an expectation of equality. */
export function same(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** How far numbers are from others at most. */
export function apart(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < one.length; i++) {
    const away = Math.abs((one[i] as number) - (other[i] as number));
    if (!(away <= most)) most = away;
  }
  return most;
}
