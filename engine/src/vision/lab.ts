import type { Pixels } from "../core/pixels.ts";
import type { Plane } from "./plane.ts";
import { channelShifts, wordsOrCopy } from "./words.ts";

// CIE Lab under D65 from sRGB, with the numbers of OpenCV's documentation of cvtColor. Powers are drawn as roots by
// Newton's steps: Math.pow and Math.cbrt differ in their last bits from one JavaScript engine to the next.

/** The white point's X and Z over its Y. */
const whiteX = 0.950456;
const whiteZ = 1.088754;

/** The cube root of a number of 0 or more, with the same bits everywhere. */
export function cubeRoot(value: number): number {
  if (value <= 0) return 0;
  // From above the root Newton's steps only fall; they end where rounding stops them.
  let root = Math.max(value, 1);
  for (let step = 0; step < 200; step++) {
    const next = (2 * root + value / (root * root)) / 3;
    if (next >= root) break;
    root = next;
  }
  return root;
}

/** The fifth root of a number from 0 to 1, likewise. */
function fifthRoot(value: number): number {
  if (value <= 0) return 0;
  let root = 1;
  for (let step = 0; step < 200; step++) {
    const square = root * root;
    const next = (4 * root + value / (square * square)) / 5;
    if (next >= root) break;
    root = next;
  }
  return root;
}

/** The light of each of the 256 levels of sRGB, from 0 to 1 (IEC 61966-2-1). */
const light: Float64Array = Float64Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  if (value <= 0.04045) return value / 12.92;
  const base = (value + 0.055) / 1.055;
  // base ^ 2.4
  const square = base * base;
  return square * fifthRoot(square);
});

/** Lab's curve: what light becomes before it is scaled. */
function curve(value: number): number {
  return value > 0.008856 ? cubeRoot(value) : 7.787 * value + 16 / 116;
}

/** Lab of one colour of sRGB: lightness from 0 to 100, green to red and blue to yellow about 0. Channels from 0 to 255. */
export function labOf(red: number, green: number, blue: number): readonly [lightness: number, a: number, b: number] {
  const [r, g, b] = [light[red] as number, light[green] as number, light[blue] as number];
  const x = curve((0.412453 * r + 0.35758 * g + 0.180423 * b) / whiteX);
  const y = 0.212671 * r + 0.71516 * g + 0.072169 * b;
  const z = curve((0.019334 * r + 0.119193 * g + 0.950227 * b) / whiteZ);
  const middle = curve(y);
  return [y > 0.008856 ? 116 * middle - 16 : 903.3 * y, 500 * (x - middle), 200 * (middle - z)];
}

/** Steps of the curve's table, which is read with straight lines between them. */
const grain = 4096;

/** The curve over 0 to 1; the error of a straight line between two entries is below 2e-5. */
let table: Float32Array | null = null;

function curveTable(): Float32Array {
  table ??= Float32Array.from({ length: grain + 2 }, (_, step) => curve(step / grain));
  return table;
}

/** Lab of the pixels of a row, three numbers a pixel in the order of `labOf`; within 0.01 of it. Alpha is not looked at. */
export function labRow({ width, data }: Pixels, row: number, lab: Float32Array): void {
  const bent = curveTable();
  for (let i = 4 * row * width, to = 0; to < 3 * width; i += 4, to += 3) {
    const red = light[data[i] as number] as number;
    const green = light[data[i + 1] as number] as number;
    const blue = light[data[i + 2] as number] as number;
    const x = ((0.412453 * red + 0.35758 * green + 0.180423 * blue) / whiteX) * grain;
    const y = (0.212671 * red + 0.71516 * green + 0.072169 * blue) * grain;
    const z = ((0.019334 * red + 0.119193 * green + 0.950227 * blue) / whiteZ) * grain;
    const fx = between(bent, x);
    const fy = between(bent, y);
    const fz = between(bent, z);
    lab[to] = 116 * fy - 16;
    lab[to + 1] = 500 * (fx - fy);
    lab[to + 2] = 200 * (fy - fz);
  }
}

/** Lab of each pixel, likewise. */
export function toLab(source: Pixels): Float32Array {
  const { width, height } = source;
  const lab = new Float32Array(width * height * 3);
  for (let y = 0; y < height; y++) labRow(source, y, lab.subarray(3 * y * width, 3 * (y + 1) * width));
  return lab;
}

function between(entries: Float32Array, place: number): number {
  const before = Math.min(place | 0, grain);
  const low = entries[before] as number;
  return low + (place - before) * ((entries[before + 1] as number) - low);
}

/** The squared distance of two colours in Lab, a measure of how different they look. */
export function labDistance(
  first: readonly [number, number, number],
  second: readonly [number, number, number],
): number {
  const [l, a, b] = [first[0] - second[0], first[1] - second[1], first[2] - second[2]];
  return l * l + a * a + b * b;
}

/** Lightness of each pixel as OpenCV stores it in 8 bits, bit for bit: about `2.55 L`. Alpha is not looked at. */
export function lightness({ width, height, data }: Pixels): Plane {
  const levels = new Uint8Array(width * height);
  drawLightness(wordsOrCopy(data), Uint8Array.from(levelsInOrder), levels, 0, levels.length);
  return { width, height, data: levels };
}

const levelsInOrder = Array.from({ length: 256 }, (_, level) => level);

/** Writes what stands in `drawn` for the lightness of each pixel of a stretch, as `lightness` has it. */
export function drawLightness<Values extends Uint8Array | Uint32Array>(
  pixels: Uint32Array,
  drawn: Values,
  map: Values,
  start: number,
  end: number,
): void {
  const { red, green, blue, level } = lightnessTables();
  const [redAt, greenAt, blueAt] = channelShifts;
  for (let i = start; i < end; i++) {
    const pixel = pixels[i] as number;
    const sum =
      (red[(pixel >>> redAt) & 255] as number) +
      (green[(pixel >>> greenAt) & 255] as number) +
      (blue[(pixel >>> blueAt) & 255] as number);
    map[i] = drawn[level[sum >> 12] as number] as number;
  }
}

interface LightnessTables {
  readonly red: Int32Array;
  readonly green: Int32Array;
  readonly blue: Int32Array;
  readonly level: Uint8Array;
}

let tables: LightnessTables | null = null;

/**
 * Each channel's part of the light, and the level of each sum's upper bits: OpenCV's whole numbers (color_lab.cpp,
 * RGB2Lab_b). Light has eight steps to a level, weights are in units of 2^-12 and the curve in units of 2^-15.
 */
function lightnessTables(): LightnessTables {
  const white = 8 * 255;
  const part = (weight: number, rounding: number) =>
    Int32Array.from(light, (value) => weight * Math.round(value * white) + rounding);
  const [factor, offset] = [Math.round(1.16 * 255), Math.round(0.16 * 255 * 2 ** 15)];
  tables ??= {
    red: part(871, 2 ** 11),
    green: part(2929, 0),
    blue: part(296, 0),
    level: Uint8Array.from({ length: white + 1 }, (_, step) => {
      const bent = Math.round(curve(step / white) * 2 ** 15);
      return (factor * bent - offset + 2 ** 14) >> 15;
    }),
  };
  return tables;
}
