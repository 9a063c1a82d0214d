import type { Plane } from "./plane.ts";

/**
 * A plane without all that is no ridge: a pixel stays if none of its two neighbours in a row, a column or a diagonal is
 * brighter; one of the four directions is enough. The rest becomes 0.
 */
export function ridges({ width, height, data }: Plane): Plane {
  const kept = new Uint8Array(data.length);
  const pairs = [
    [1, 0],
    [0, 1],
    [1, 1],
    [1, -1],
  ] as const;
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (data[y * width + x] as number);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const value = data[i] as number;
      if (value === 0) continue;
      if (pairs.some(([dx, dy]) => at(x - dx, y - dy) <= value && at(x + dx, y + dy) <= value)) kept[i] = value;
    }
  }
  return { width, height, data: kept };
}

/** What a pixel's eight neighbours must be for it to go: bit masks over the square, clockwise from the upper left. */
interface Element {
  readonly set: number;
  readonly clear: number;
}

/** The eight neighbours as steps, clockwise from the upper left. */
const around = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
] as const;

/** Elements as pictures, three rows of a square: `1` must be set, `-` must be clear, `.` may be either. */
const thinning = fourTurns("---/.1./111", ".--/11-/.1.");
const pruning = fourTurns("---/-1-/..-", "---/-1-/-..");

/**
 * Thins a plane of black and white (0 and 255) to lines of one pixel, in at most 32 rounds; with `prune`, takes one pixel
 * off loose ends afterwards. The elements are those that WebUI's control maps are thinned by, so that a net sees the same.
 */
export function thinned({ width, height, data }: Plane, prune: boolean): Plane {
  // A frame of 2 about the plane counts as set and as clear: what lies outside forbids nothing.
  const pitch = width + 2;
  const framed = new Uint8Array(pitch * (height + 2)).fill(2);
  let white: number[] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const place = (y + 1) * pitch + x + 1;
      framed[place] = data[i] ? 1 : 0;
      if (data[i]) white.push(place);
    }
  }
  const steps = around.map(([dx, dy]) => dy * pitch + dx);
  const round = (elements: readonly Element[]): boolean => {
    const before = white.length;
    for (const element of elements) {
      const hits = white.filter((place) => fits(framed, place, steps, element));
      for (const place of hits) framed[place] = 0;
      if (hits.length > 0) white = white.filter((place) => framed[place] === 1);
    }
    return white.length < before;
  };
  for (let k = 0; k < 32 && round(thinning); k++);
  if (prune) round(pruning);
  const lines = new Uint8Array(data.length);
  for (const place of white) lines[(Math.floor(place / pitch) - 1) * width + (place % pitch) - 1] = 255;
  return { width, height, data: lines };
}

function fits(framed: Uint8Array, place: number, steps: readonly number[], { set, clear }: Element): boolean {
  for (let k = 0; k < 8; k++) {
    const value = framed[place + (steps[k] as number)];
    if (value === 0 && (set >> k) & 1) return false;
    if (value === 1 && (clear >> k) & 1) return false;
  }
  return true;
}

/** Each element as drawn, and turned by one, two and three quarters. */
function fourTurns(...drawings: readonly string[]): readonly Element[] {
  return [0, 2, 4, 6].flatMap((turn) =>
    drawings.map((drawing) => {
      const rows = drawing.split("/");
      const mask = (sign: string) =>
        around.reduce(
          (bits, [dx, dy], k) => (rows[dy + 1]?.[dx + 1] === sign ? bits | (1 << ((k + 8 - turn) % 8)) : bits),
          0,
        );
      return { set: mask("1"), clear: mask("-") };
    }),
  );
}
