import { inflating } from "./inflate.ts";
import type { Header } from "./png-chunks.ts";
import { unfilter } from "./png-filters.ts";
import { type Raster, unreadable } from "./raster.ts";
import { stretch, type Work } from "./turns.ts";

/** Colour and transparency that stand outside the samples: PLTE and tRNS. */
export interface Ancillary {
  readonly palette?: Uint8Array;
  readonly transparency?: Uint8Array;
}

interface Pass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
}

const whole: readonly Pass[] = [{ x: 0, y: 0, stepX: 1, stepY: 1 }];
// Adam7: where each of the seven passes begins and how far its pixels lie apart (PNG, third edition, section 8).
const adam7: readonly Pass[] = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];

/** Unpacks IDAT's (or a frame's) parts into RGBA samples: 16-bit ones for depth 16, bytes for every other depth. */
export function* samplesOf(
  file: string,
  header: Header,
  parts: readonly Uint8Array[],
  ancillary: Ancillary,
): Work<Raster> {
  const { width, height, depth, samples } = header;
  const passes = (header.interlaced ? adam7 : whole)
    .map((pass) => ({
      ...pass,
      columns: Math.ceil((width - pass.x) / pass.stepX),
      rows: Math.ceil((height - pass.y) / pass.stepY),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const lineLength = (columns: number): number => Math.ceil((columns * samples * depth) / 8);
  const expected = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + lineLength(columns)), 0);
  const { data: packed, complete } = yield* inflating(parts, expected);
  if (!complete) {
    const percent = Math.floor((100 * packed.length) / expected);
    throw unreadable(
      file,
      `its picture data ends or breaks after ${percent} %. The file is cut off or damaged: get it again.`,
    );
  }
  const data = depth === 16 ? new Uint16Array(width * height * 4) : new Uint8Array(width * height * 4);
  const paint = painter(header, ancillary, data);
  const distance = Math.max(1, (samples * depth) >> 3);
  let at = 0;
  for (const { x, y, stepX, stepY, columns, rows } of passes) {
    const length = lineLength(columns);
    const chunk = Math.max(1, Math.floor(stretch / length));
    let above = new Uint8Array(length);
    for (let row = 0; row < rows; row++) {
      const filter = packed[at] as number;
      const line = packed.subarray(at + 1, at + 1 + length);
      if (!unfilter(filter, line, above, distance)) {
        throw unreadable(file, `a row of it uses filter ${filter}, which PNG does not have. The file is damaged.`);
      }
      paint(line, columns, ((y + row * stepY) * width + x) * 4, stepX * 4);
      above = line;
      at += 1 + length;
      if (row % chunk === chunk - 1) yield;
    }
  }
  return { width, height, data };
}

type Paint = (line: Uint8Array, columns: number, target: number, step: number) => void;

/** Makes the function that turns one unfiltered row into RGBA samples. */
function painter(header: Header, { palette, transparency }: Ancillary, data: Uint8Array | Uint16Array): Paint {
  const { depth, samples, colourType } = header;
  const full = depth === 16 ? 65535 : 255;
  const levels = 2 ** depth - 1;
  const sample: (line: Uint8Array, index: number) => number =
    depth === 16
      ? (line, index) => ((line[2 * index] as number) << 8) | (line[2 * index + 1] as number)
      : depth === 8
        ? (line, index) => line[index] as number
        : (line, index) => ((line[(index * depth) >> 3] as number) >> (8 - depth - ((index * depth) & 7))) & levels;
  if (colourType === 3) {
    return (line, columns, target, step) => {
      for (let x = 0; x < columns; x++, target += step) {
        const index = sample(line, x);
        // An index that the palette does not reach is black, and an entry that tRNS does not reach is opaque.
        for (let channel = 0; channel < 3; channel++) data[target + channel] = palette?.[index * 3 + channel] ?? 0;
        data[target + 3] = transparency?.[index] ?? 255;
      }
    };
  }
  // A key colour is compared as stored, before any scaling; of its 16 bits only the file's own depth counts.
  const keys =
    transparency && samples % 2 === 1 && transparency.length >= samples * 2
      ? Array.from({ length: samples }, (_, i) => {
          return (((transparency[2 * i] as number) << 8) | (transparency[2 * i + 1] as number)) & levels;
        })
      : undefined;
  if (depth === 8 && colourType === 2 && !keys && data instanceof Uint8Array) return paintColours(data);
  if (depth === 8 && colourType === 6 && data instanceof Uint8Array) return paintClearColours(data);
  const coloured = samples >= 3;
  const scale = full / levels;
  return (line, columns, target, step) => {
    for (let x = 0, index = 0; x < columns; x++, index += samples, target += step) {
      const red = sample(line, index);
      const green = coloured ? sample(line, index + 1) : red;
      const blue = coloured ? sample(line, index + 2) : red;
      data[target] = red * scale;
      data[target + 1] = green * scale;
      data[target + 2] = blue * scale;
      data[target + 3] =
        samples % 2 === 0
          ? sample(line, index + samples - 1)
          : keys && red === keys[0] && (!coloured || (green === keys[1] && blue === keys[2]))
            ? 0
            : full;
    }
  };
}

/** What nearly all files hold: red, green and blue in bytes. */
function paintColours(data: Uint8Array): Paint {
  return (line, columns, target, step) => {
    for (let x = 0, i = 0; x < columns; x++, i += 3, target += step) {
      data[target] = line[i] as number;
      data[target + 1] = line[i + 1] as number;
      data[target + 2] = line[i + 2] as number;
      data[target + 3] = 255;
    }
  };
}

/** The same with alpha. */
function paintClearColours(data: Uint8Array): Paint {
  return (line, columns, target, step) => {
    for (let x = 0, i = 0; x < columns; x++, i += 4, target += step) {
      data[target] = line[i] as number;
      data[target + 1] = line[i + 1] as number;
      data[target + 2] = line[i + 2] as number;
      data[target + 3] = line[i + 3] as number;
    }
  };
}
