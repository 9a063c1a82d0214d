/**
 * How a picture is sampled when its size changes: `nearest` takes one pixel, `linear` four, `cubic` sixteen, `lanczos4`
 * sixty-four, `area` the mean of what a new pixel covers. Where `area` would enlarge in either direction, it blends
 * neighbours, as OpenCV does.
 */
export type Filter = "nearest" | "linear" | "cubic" | "lanczos4" | "area";

/** From which pixels, and with which weights, each new pixel of one axis is made: `count` of them a pixel. */
export interface Taps {
  readonly count: number;
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

/** The taps of one axis. `shrinks` tells whether neither axis of the picture grows: only then is `area` a mean. */
export function taps(from: number, to: number, filter: Filter, shrinks: boolean): Taps {
  // Twice divided, as OpenCV does: what floor gives on exact multiples depends on it.
  const scale = 1 / (to / from);
  if (filter === "nearest") return nearest(from, to, scale);
  if (filter === "area" && shrinks) return area(from, to, scale);
  const count = filter === "lanczos4" ? 8 : filter === "cubic" ? 4 : 2;
  const index = new Int32Array(to * count);
  const weight = new Float64Array(to * count);
  for (let x = 0; x < to; x++) {
    let centre = Math.fround((x + 0.5) * scale - 0.5);
    let first = Math.floor(centre);
    if (filter === "area") {
      first = Math.floor(x * scale);
      const part = Math.fround(x + 1 - (first + 1) * (to / from));
      centre = first + (part <= 0 ? 0 : part - Math.floor(part));
    }
    const part = centre - first;
    if (count === 4) {
      writeCubic(part, weight, 4 * x);
    } else if (count === 8) {
      weight.set(lanczos(part), 8 * x);
    } else {
      weight[2 * x] = 1 - part;
      weight[2 * x + 1] = part;
    }
    for (let k = 0; k < count; k++) {
      index[x * count + k] = Math.min(Math.max(first + k - (count >> 1) + 1, 0), from - 1);
      weight[x * count + k] = nearestEven((weight[x * count + k] as number) * 2048) / 2048;
    }
  }
  return { count, index, weight };
}

function nearest(from: number, to: number, scale: number): Taps {
  const index = Int32Array.from({ length: to }, (_, x) => Math.min(Math.floor(x * scale), from - 1));
  return { count: 1, index, weight: new Float64Array(to).fill(1) };
}

/**
 * A box as wide as a new pixel; what it covers of a pixel in part counts in part, but for less than a thousandth. Shares
 * have 32 bits. All that is as OpenCV has it.
 */
function area(from: number, to: number, scale: number): Taps {
  // A box of whole pixels that begins on one touches no further one.
  const count = from % to === 0 ? from / to : Math.ceil(scale) + 1;
  const index = new Int32Array(to * count);
  const weight = new Float64Array(to * count);
  const least = 1e-3;
  for (let x = 0; x < to; x++) {
    const start = x * scale;
    const end = start + scale;
    const box = Math.min(scale, from - start);
    const last = Math.min(Math.floor(end), from - 1);
    const first = Math.min(Math.ceil(start), last);
    let tap = x * count;
    const add = (pixel: number, covered: number) => {
      index[tap] = pixel;
      weight[tap++] = Math.fround(covered / box);
    };
    if (first - start > least) add(first - 1, first - start);
    for (let pixel = first; pixel < last; pixel++) add(pixel, 1);
    if (end - last > least) add(last, Math.min(end - last, 1, box));
  }
  return { count, index, weight };
}

/** What Keys' kernel with this parameter, OpenCV's, gives to a pixel: within one pixel of the point, and beyond. */
const keys = -0.75;
const near = (d: number): number => ((keys + 2) * d - (keys + 3)) * d * d + 1;
const far = (d: number): number => ((keys * d - 5 * keys) * d + 8 * keys) * d - 4 * keys;

/** Writes the weights of four pixels about a point that lies `part` after the second. */
function writeCubic(part: number, weight: Float64Array, at: number): void {
  const [first, second, third] = [far(part + 1), near(part), near(1 - part)];
  weight[at] = first;
  weight[at + 1] = second;
  weight[at + 2] = third;
  weight[at + 3] = 1 - first - second - third;
}

/** The weights of four pixels about a point that lies `part` after the second. */
export function cubic(part: number): readonly number[] {
  const shares = new Float64Array(4);
  writeCubic(part, shares, 0);
  return [...shares];
}

/** The weights of eight pixels about a point that lies `part` after the fourth: a sinc under a wider one, summing up to 1. */
function lanczos(part: number): readonly number[] {
  if (part < 1e-7) return [0, 0, 0, 1, 0, 0, 0, 0];
  // sin(pi d) is the same for all but its sign, and drops out; sin(pi d / 4) follows from that of the part and of
  // multiples of 45 degrees.
  const [sine, cosine] = eighthTurn(part);
  const sines = [0, Math.SQRT1_2, 1, Math.SQRT1_2, 0, -Math.SQRT1_2, -1, -Math.SQRT1_2];
  const shares = Array.from({ length: 8 }, (_, k) => {
    const steps = (3 - k + 8) % 8;
    const wave = sine * (sines[(steps + 2) % 8] as number) + cosine * (sines[steps] as number);
    const away = part + 3 - k;
    return ((k % 2 === 0 ? 1 : -1) * wave) / (away * away);
  });
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

/** Sine and cosine of `part` times 45 degrees, for a part from 0 to 1; Math.sin is not the same everywhere. */
function eighthTurn(part: number): readonly [sine: number, cosine: number] {
  const angle = (part * Math.PI) / 4;
  let [sine, cosine, term] = [0, 0, 1];
  for (let k = 0; k < 18; k++) {
    const sign = k % 4 < 2 ? 1 : -1;
    if (k % 2 === 0) cosine += sign * term;
    else sine += sign * term;
    term *= angle / (k + 1);
  }
  return [sine, cosine];
}

/** Rounds, halves to the even neighbour. */
function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
