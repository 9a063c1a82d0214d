import type { Matrix, Pixels } from "../core/index.ts";
import type { Effect } from "./filter.ts";

// The arithmetic of filters, on colours times their alpha in floats from 0 to 1. Where colours are mixed as light is, powers
// are taken, whose last digit may differ from engine to engine: so may a level of such a shadow, and nothing else.

/** Four numbers a pixel: red, green and blue times alpha, and alpha. */
type Plate = Float32Array<ArrayBuffer>;

/** What effects are drawn from. */
interface Ground {
  readonly width: number;
  readonly height: number;
  readonly source: Plate;
  /** From the units of the filtered element to pixels. */
  readonly matrix: Matrix;
  readonly linear: boolean;
}

/** Draws effects on one another, the lowest first; what they are made of is `source`, in pixels by `matrix`. */
export function* effectPicture(
  effects: readonly Effect[],
  source: Pixels,
  matrix: Matrix,
  linear: boolean,
): Generator<void, Pixels, void> {
  const { width, height } = source;
  const ground: Ground = { width, height, source: plateOf(source, linear), matrix, linear };
  yield;
  const plate = yield* drawn({ is: "stack", of: effects }, ground);
  return pixelsOf(plate, ground);
}

/** Light by the value of a channel (IEC 61966-2-1), and back. */
const toLight = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const fromLight = (light: number): number => (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);

function plateOf({ data }: Pixels, linear: boolean): Plate {
  const levels = Float32Array.from({ length: 256 }, (_, level) => (linear ? toLight(level / 255) : level / 255));
  const plate = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 4) {
    const alpha = (data[at + 3] as number) / 255;
    for (let n = 0; n < 3; n++) plate[at + n] = (levels[data[at + n] as number] as number) * alpha;
    plate[at + 3] = alpha;
  }
  return plate;
}

function pixelsOf(plate: Plate, { width, height, linear }: Ground): Pixels {
  const data = new Uint8ClampedArray(plate.length);
  for (let at = 0; at < plate.length; at += 4) {
    const alpha = plate[at + 3] as number;
    if (!(alpha > 0)) continue;
    for (let n = 0; n < 3; n++) {
      const value = Math.min(1, (plate[at + n] as number) / alpha);
      data[at + n] = 255 * (linear ? fromLight(value) : value);
    }
    data[at + 3] = 255 * alpha;
  }
  return { width, height, data };
}

function* drawn(effect: Effect, ground: Ground): Generator<void, Plate, void> {
  const { width, height, source, matrix, linear } = ground;
  const [a, b, c, d] = matrix;
  yield;
  switch (effect.is) {
    case "source":
      return source;
    case "nothing":
      return new Float32Array(source.length);
    case "alpha": {
      const plate = new Float32Array(source.length);
      for (let at = 3; at < plate.length; at += 4) plate[at] = source[at] as number;
      return plate;
    }
    case "flood": {
      const [red, green, blue, alpha] = effect.colour;
      const colour = [red, green, blue].map((value) => (linear ? toLight(value) : value) * alpha);
      const plate = new Float32Array(source.length);
      for (let at = 0; at < plate.length; at += 4) plate.set([...colour, alpha], at);
      return plate;
    }
    case "offset": {
      const of = yield* drawn(effect.of, ground);
      return offset(of, width, height, a * effect.x + c * effect.y, b * effect.x + d * effect.y);
    }
    case "blur": {
      const of = yield* drawn(effect.of, ground);
      const [across, down] = [effect.x * Math.sqrt(a * a + b * b), effect.y * Math.sqrt(c * c + d * d)];
      const along = blurred(of, across, { count: width, step: 4, lines: height, skip: 4 * width });
      yield;
      return blurred(along, down, { count: height, step: 4 * width, lines: width, skip: 4 });
    }
    case "spread": {
      const of = yield* drawn(effect.of, ground);
      const [across, down] = [effect.x * Math.sqrt(a * a + b * b), effect.y * Math.sqrt(c * c + d * d)];
      const along = spread(of, across, effect.grows, { count: width, step: 4, lines: height, skip: 4 * width });
      yield;
      return spread(along, down, effect.grows, { count: height, step: 4 * width, lines: width, skip: 4 });
    }
    case "colours":
      return coloured(yield* drawn(effect.of, ground), effect.matrix);
    case "composite": {
      const [top, bottom] = [yield* drawn(effect.top, ground), yield* drawn(effect.bottom, ground)];
      const { how } = effect;
      return mixed(top, bottom, (over, under) => {
        const kept = how === "in" || how === "atop" ? under : 1 - under;
        return [kept, how === "atop" || how === "xor" ? 1 - over : 0];
      });
    }
    case "sum":
      return summed(yield* drawn(effect.top, ground), yield* drawn(effect.bottom, ground), effect.shares);
    case "stack": {
      let plate: Plate = new Float32Array(source.length);
      for (const one of effect.of) plate = mixed(yield* drawn(one, ground), plate, (over) => [1, 1 - over]);
      return plate;
    }
  }
}

/** Two plates, each by a share that follows from both alphas. */
function mixed(top: Plate, bottom: Plate, shares: (over: number, under: number) => readonly [number, number]): Plate {
  const plate = new Float32Array(top.length);
  for (let at = 0; at < plate.length; at += 4) {
    const [one, other] = shares(top[at + 3] as number, bottom[at + 3] as number);
    for (let n = at; n < at + 4; n++) plate[n] = one * (top[n] as number) + other * (bottom[n] as number);
  }
  return plate;
}

/** A sum of two plates and their product. No colour is more than its alpha. */
function summed(top: Plate, bottom: Plate, [k1, k2, k3, k4]: readonly [number, number, number, number]): Plate {
  const plate = new Float32Array(top.length);
  for (let at = 0; at < plate.length; at += 4) {
    let most = 1;
    for (let n = at + 3; n >= at; n--) {
      const [one, other] = [top[n] as number, bottom[n] as number];
      const value = Math.min(most, Math.max(0, k1 * one * other + k2 * one + k3 * other + k4));
      plate[n] = value;
      if (n === at + 3) most = value;
    }
  }
  return plate;
}

function coloured(of: Plate, matrix: readonly number[]): Plate {
  const plate = new Float32Array(of.length);
  const bounded = (value: number): number => Math.min(1, Math.max(0, value));
  for (let at = 0; at < of.length; at += 4) {
    const alpha = of[at + 3] as number;
    const scale = alpha > 0 ? 1 / alpha : 0;
    const [red, green, blue] = [
      (of[at] as number) * scale,
      (of[at + 1] as number) * scale,
      (of[at + 2] as number) * scale,
    ];
    const channel = (row: number): number => {
      const m = (n: number): number => matrix[5 * row + n] as number;
      return bounded(m(0) * red + m(1) * green + m(2) * blue + m(3) * alpha + m(4));
    };
    const own = channel(3);
    for (let n = 0; n < 3; n++) plate[at + n] = channel(n) * own;
    plate[at + 3] = own;
  }
  return plate;
}

/** Moved by pixels and parts of them: each pixel blends the four that it lies between. */
function offset(of: Plate, width: number, height: number, x: number, y: number): Plate {
  const plate = new Float32Array(of.length);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (const [dx, dy, share] of [
    [left, top, (1 - x + left) * (1 - y + top)],
    [left + 1, top, (x - left) * (1 - y + top)],
    [left, top + 1, (1 - x + left) * (y - top)],
    [left + 1, top + 1, (x - left) * (y - top)],
  ] as const) {
    if (share === 0 || Math.abs(dx) >= width || Math.abs(dy) >= height) continue;
    for (let row = Math.max(0, dy); row < Math.min(height, height + dy); row++) {
      const shift = 4 * (dy * width + dx);
      const end = 4 * (row * width + Math.min(width, width + dx));
      for (let at = 4 * (row * width + Math.max(0, dx)); at < end; at++) {
        plate[at] = (plate[at] as number) + share * (of[at - shift] as number);
      }
    }
  }
  return plate;
}

/** Rows or columns: how many numbers one has and how far apart they are; how many of them and how far apart. */
interface Lines {
  readonly count: number;
  readonly step: number;
  readonly lines: number;
  readonly skip: number;
}

/** Three means in a row, of lengths that together are as wide as a Gaussian (Filter Effects 1, 9.14). */
function blurred(of: Plate, deviation: number, lines: Lines): Plate {
  const size = Math.min(2 * lines.count, Math.floor((deviation * 3 * Math.sqrt(2 * Math.PI)) / 4 + 0.5));
  if (size < 2) return of;
  const half = size >> 1;
  const middle = [half, half] as const;
  const passes =
    size % 2 === 1 ? [middle, middle, middle] : [[half, half - 1] as const, [half - 1, half] as const, middle];
  let from = of;
  for (const [before, after] of passes) from = mean(from, before, after, lines);
  return from;
}

/** Each number the mean of itself and so many before and after it. Outside counts as 0. */
function mean(of: Plate, before: number, after: number, { count, step, lines, skip }: Lines): Plate {
  const plate = new Float32Array(of.length);
  const share = 1 / (before + after + 1);
  for (let line = 0; line < lines; line++) {
    for (let start = line * skip; start < line * skip + 4; start++) {
      let sum = 0;
      for (let n = 0; n < Math.min(count, after); n++) sum += of[start + n * step] as number;
      for (let n = 0; n < count; n++) {
        if (n + after < count) sum += of[start + (n + after) * step] as number;
        plate[start + n * step] = sum * share;
        if (n - before >= 0) sum -= of[start + (n - before) * step] as number;
      }
    }
  }
  return plate;
}

/** Each number the largest, or the least, of those so far around it. Outside counts as 0. */
function spread(of: Plate, radius: number, grows: boolean, { count, step, lines, skip }: Lines): Plate {
  const far = Math.min(count, Math.round(radius));
  if (far < 1) return of;
  const plate = new Float32Array(of.length);
  // The places of numbers that none behind them outdoes, the best first.
  const queue = new Int32Array(count + 2 * far + 1);
  for (let line = 0; line < lines; line++) {
    for (let start = line * skip; start < line * skip + 4; start++) {
      const value = (n: number): number => (n >= 0 && n < count ? (of[start + n * step] as number) : 0);
      let [head, tail] = [0, 0];
      for (let n = -far; n < count + far; n++) {
        const own = value(n);
        while (tail > head) {
          const last = value(queue[tail - 1] as number);
          if (grows ? last > own : last < own) break;
          tail--;
        }
        queue[tail++] = n;
        const at = n - far;
        if (at < 0) continue;
        while ((queue[head] as number) < at - far) head++;
        plate[start + at * step] = value(queue[head] as number);
      }
    }
  }
  return plate;
}
