import type { Tensor } from "../core/tensor.ts";
import type { Reading } from "./net-plan.ts";

/** Red, green and blue in planes, from 0 to 255: what every condition gives to a net, whatever the net makes of it. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/**
 * The picture among a net's inputs. Throws a `TypeError` where it is missing or no [1, 3, height, width] of float32, a
 * `RangeError` where its numbers are others.
 */
export function pictureOf(net: string, { picture }: Readonly<Record<string, Tensor>>): Picture {
  if (!picture)
    throw new TypeError(`The net "${net}" is run without its input "picture": [1, 3, height, width], from 0 to 255.`);
  const { dims, values } = picture;
  const [batch, channels, height = 0, width = 0] = dims;
  if (dims.length !== 4 || batch !== 1 || channels !== 3 || !(values instanceof Float32Array))
    throw new TypeError(`The net "${net}" reads a picture of [1, 3, height, width] in float32, not [${dims}].`);
  if (values.length !== 3 * height * width || height < 1 || width < 1)
    throw new RangeError(`The picture for "${net}" has ${values.length} numbers, and [${dims}] need others.`);
  return { width, height, values };
}

/** A picture as a net reads it: [3, height, width], or [height, width, 3] with the channels `last`. */
export function readAs({ width, height, values }: Picture, reading: Reading, last = false): Float32Array {
  const area = width * height;
  const out = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++) {
    // Mean and deviation are told in the net's own order.
    const from = (reading.order[c] as number) * area;
    const mean = reading.mean[c] as number;
    const scale = 1 / (reading.deviation[c] as number);
    if (last) for (let i = 0; i < area; i++) out[3 * i + c] = ((values[from + i] as number) - mean) * scale;
    else for (let i = 0; i < area; i++) out[c * area + i] = ((values[from + i] as number) - mean) * scale;
  }
  return out;
}

/** The multiple that is next to a side, at least one. */
export const nextMultiple = (side: number, multiple: number): number =>
  Math.max(1, Math.round(side / multiple)) * multiple;

/** A picture stretched to other sides, each new pixel from the four nearest; the same one where nothing changes. */
export function stretched(picture: Picture, width: number, height: number): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const [columns, rows] = [neighbours(picture.width, width), neighbours(picture.height, height)];
  const values = new Float32Array(3 * width * height);
  for (let c = 0, to = 0; c < 3; c++) {
    const plane = c * picture.width * picture.height;
    for (let y = 0; y < height; y++) {
      const above = plane + (rows.first[y] as number) * picture.width;
      const below = plane + (rows.second[y] as number) * picture.width;
      const down = rows.part[y] as number;
      for (let x = 0; x < width; x++, to++) {
        const [left, right, part] = [
          columns.first[x] as number,
          columns.second[x] as number,
          columns.part[x] as number,
        ];
        const upper =
          (picture.values[above + left] as number) * (1 - part) + (picture.values[above + right] as number) * part;
        const lower =
          (picture.values[below + left] as number) * (1 - part) + (picture.values[below + right] as number) * part;
        values[to] = upper * (1 - down) + lower * down;
      }
    }
  }
  return { width, height, values };
}

function neighbours(from: number, to: number): { first: Int32Array; second: Int32Array; part: Float64Array } {
  const [first, second, part] = [new Int32Array(to), new Int32Array(to), new Float64Array(to)];
  for (let x = 0; x < to; x++) {
    const place = Math.min(Math.max(((x + 0.5) * from) / to - 0.5, 0), from - 1);
    first[x] = Math.floor(place);
    second[x] = Math.min((first[x] as number) + 1, from - 1);
    part[x] = place - (first[x] as number);
  }
  return { first, second, part };
}
