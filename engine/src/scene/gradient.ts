import type { Gradient, Matrix } from "../core/scene.ts";
import { colourFrom, type Rgba } from "./colour.ts";
import { inverse, times } from "./matrix.ts";
import { type FlatPaint, flatPaint, type RowPaint } from "./row-paint.ts";

/** A stop as it is painted. */
interface Stop {
  readonly offset: number;
  readonly colour: Rgba;
}

/**
 * A gradient in pixels of the map; `matrix` leads there from the path. Colours blend as SVG and canvas blend them: before
 * they are multiplied by their alpha. One without a direction is its last colour; null for one without stops.
 */
export function gradientPaint(gradient: Gradient, matrix: Matrix): FlatPaint | RowPaint | null {
  const stops = stopsOf(gradient);
  const last = stops.at(-1);
  if (!last) return null;
  const back = inverse(gradient.matrix ? times(matrix, gradient.matrix) : matrix);
  const { type, from, spread = "pad" } = gradient;
  if (stops.length === 1 || back === null || !from.every(Number.isFinite)) return flatPaint(last.colour);
  const ramp = new Ramp(stops, spread);
  if (type === "linear") {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = from;
    const [dx, dy] = [x2 - x1, y2 - y1];
    const square = dx * dx + dy * dy;
    if (!(square > 0)) return flatPaint(last.colour);
    const [a, b, c, d, e, f] = back;
    const across = (a * dx + b * dy) / square;
    const down = (c * dx + d * dy) / square;
    const start = ((e - x1) * dx + (f - y1) * dy) / square;
    return {
      row(y, left, right, out) {
        for (let x = left, to = 0; x < right; x++, to += 4) {
          ramp.write(across * (x + 0.5) + down * (y + 0.5) + start, out, to);
        }
      },
    };
  }
  return from.length === 6 && ((from[5] as number) > 0 || (from[2] as number) > 0)
    ? radial(from, back, ramp)
    : flatPaint(last.colour);
}

/** Rising offsets from 0 to 1, as SVG corrects them; a colour unknown to CSS is black. */
function stopsOf({ stops }: Gradient): readonly Stop[] {
  let least = 0;
  return stops.map(({ offset, colour }) => {
    least = Math.max(least, Math.min(1, offset) || 0);
    return { offset: least, colour: colourFrom(colour) ?? [0, 0, 0, 1] };
  });
}

/**
 * The cone through two circles, as canvas defines it: each place has the colour of the foremost circle on its rim, and none
 * where no circle comes.
 */
function radial(from: readonly number[], [a, b, c, d, e, f]: Matrix, ramp: Ramp): RowPaint {
  const [fx = 0, fy = 0, fr = 0, cx = 0, cy = 0, cr = 0] = from;
  const [dx, dy, dr] = [cx - fx, cy - fy, cr - fr];
  const square = dx * dx + dy * dy - dr * dr;
  return {
    row(y, left, right, out) {
      for (let x = left, to = 0; x < right; x++, to += 4) {
        const px = a * (x + 0.5) + c * (y + 0.5) + e - fx;
        const py = b * (x + 0.5) + d * (y + 0.5) + f - fy;
        const half = px * dx + py * dy + fr * dr;
        const rest = px * px + py * py - fr * fr;
        let t = Number.NaN;
        if (square === 0) t = fr + (rest / (2 * half)) * dr >= 0 ? rest / (2 * half) : t;
        else {
          const root = Math.sqrt(half * half - square * rest);
          const [one, other] = [(half + root) / square, (half - root) / square];
          const [far, near] = one > other ? [one, other] : [other, one];
          if (fr + far * dr >= 0) t = far;
          else if (fr + near * dr >= 0) t = near;
        }
        ramp.write(t, out, to);
      }
    },
  };
}

/** The colours along a gradient. */
class Ramp {
  readonly #offsets: Float64Array;
  readonly #colours: Float64Array;
  readonly #spread: "pad" | "reflect" | "repeat";
  #segment = 0;

  constructor(stops: readonly Stop[], spread: "pad" | "reflect" | "repeat") {
    this.#offsets = Float64Array.from(stops, ({ offset }) => offset);
    this.#colours = Float64Array.from(stops.flatMap(({ colour }) => colour));
    this.#spread = spread;
  }

  /** Writes the colour at a place, as pixels of a row are written; nothing shows where the place is not a number. */
  write(place: number, out: Float32Array, to: number): void {
    const [offsets, colours] = [this.#offsets, this.#colours];
    let t = place;
    if (this.#spread === "repeat") t -= Math.floor(t);
    else if (this.#spread === "reflect") {
      t -= 2 * Math.floor(t / 2);
      if (t > 1) t = 2 - t;
    }
    if (Number.isNaN(t)) {
      out.fill(0, to, to + 4);
      return;
    }
    const last = offsets.length - 1;
    let k = this.#segment;
    // Neighbours mostly lie between the same two stops; at a hard edge the later stop counts.
    while (k > 0 && t < (offsets[k] as number)) k--;
    while (k < last && t >= (offsets[k + 1] as number)) k++;
    this.#segment = k;
    const start = offsets[k] as number;
    const at = 4 * k;
    let share = 0;
    if (k < last && t > start) share = (t - start) / ((offsets[k + 1] as number) - start);
    const next = share > 0 ? at + 4 : at;
    const rest = 1 - share;
    const alpha = rest * (colours[at + 3] as number) + share * (colours[next + 3] as number);
    const scale = 257 * alpha;
    out[to] = scale * (rest * (colours[at] as number) + share * (colours[next] as number));
    out[to + 1] = scale * (rest * (colours[at + 1] as number) + share * (colours[next + 1] as number));
    out[to + 2] = scale * (rest * (colours[at + 2] as number) + share * (colours[next + 2] as number));
    out[to + 3] = 65535 * alpha;
  }
}
