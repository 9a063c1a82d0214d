import { at, type Canvas, type Coverage } from "./coverage.ts";

// A picture being drawn: colours times alpha, from 0 to 1, four numbers a pixel.

/** Where a colour (times its alpha) and its alpha are written: reused from pixel to pixel. */
export type Colour = [red: number, green: number, blue: number, alpha: number];

/** Says the colour in the middle of a pixel. */
export type ColourAt = (x: number, y: number, into: Colour) => void;

/** A picture being drawn. */
export interface Layer extends Canvas {
  readonly data: Float32Array;
  /** The part that may hold anything; outside of it, nothing is drawn. */
  readonly used: { left: number; top: number; right: number; bottom: number };
}

/** An empty layer. */
export const emptyLayer = ({ width, height }: Canvas): Layer => ({
  width,
  height,
  data: new Float32Array(width * height * 4),
  used: { left: width, top: height, right: 0, bottom: 0 },
});

/** Says that a part of a layer may hold something now. */
export function use({ used }: Layer, left: number, top: number, right: number, bottom: number): void {
  used.left = Math.min(used.left, left);
  used.top = Math.min(used.top, top);
  used.right = Math.max(used.right, right);
  used.bottom = Math.max(used.bottom, bottom);
}

type Blend = (under: number, over: number) => number;

/** How two colours (not times alpha) make one, channel by channel: the formulas of the W3C's "Compositing and Blending". */
const blends: Readonly<Record<string, Blend>> = {
  DARKEN: Math.min,
  LIGHTEN: Math.max,
  MULTIPLY: (under, over) => under * over,
  SCREEN: (under, over) => under + over - under * over,
  LINEAR_BURN: (under, over) => Math.max(0, under + over - 1),
  LINEAR_DODGE: (under, over) => Math.min(1, under + over),
  COLOR_BURN: (under, over) => (under >= 1 ? 1 : over <= 0 ? 0 : 1 - Math.min(1, (1 - under) / over)),
  COLOR_DODGE: (under, over) => (under <= 0 ? 0 : over >= 1 ? 1 : Math.min(1, under / (1 - over))),
  OVERLAY: (under, over) => hardLight(over, under),
  HARD_LIGHT: (under, over) => hardLight(under, over),
  SOFT_LIGHT: (under, over) => {
    if (over <= 0.5) return under - (1 - 2 * over) * under * (1 - under);
    const deep = under <= 0.25 ? ((16 * under - 12) * under + 4) * under : Math.sqrt(under);
    return under + (2 * over - 1) * (deep - under);
  },
  DIFFERENCE: (under, over) => Math.abs(under - over),
  EXCLUSION: (under, over) => under + over - 2 * under * over,
};

function hardLight(under: number, over: number): number {
  return over <= 0.5 ? 2 * under * over : under + (2 * over - 1) - under * (2 * over - 1);
}

function blendOf(name: string): Blend | null {
  const found = blends[name];
  if (!found && name !== "NORMAL" && name !== "PASS_THROUGH")
    throw new Error(`The simulator has no blend mode ${name}.`);
  return found ?? null;
}

/** Lays a colour, as far as `share` of it is there, over the pixel whose red is at `index`. */
function lay(data: Float32Array, index: number, colour: Readonly<Colour>, share: number, blend: Blend | null): void {
  const alpha = colour[3] * share;
  if (alpha === 0) return;
  const under = data[index + 3] as number;
  for (let channel = 0; channel < 3; channel++) {
    const over = colour[channel] as number;
    const below = data[index + channel] as number;
    const mixed =
      blend && under > 0
        ? under * alpha * blend(below / under, over / colour[3]) + over * share * (1 - under)
        : over * share;
    data[index + channel] = mixed + below * (1 - alpha);
  }
  data[index + 3] = alpha + under * (1 - alpha);
}

/** Fills the covered part with a paint, seen through `clip`. */
export function paintOver(
  target: Layer,
  area: Coverage,
  clip: Coverage | null,
  colourAt: ColourAt,
  blend: string,
): void {
  const formula = blendOf(blend);
  const colour: Colour = [0, 0, 0, 0];
  use(target, area.x, area.y, area.x + area.width, area.y + area.height);
  for (let row = 0; row < area.height; row++) {
    for (let column = 0; column < area.width; column++) {
      const [x, y] = [area.x + column, area.y + row];
      const covered = (area.data[row * area.width + column] as number) * (clip ? at(clip, x, y) : 1);
      if (covered === 0) continue;
      colourAt(x, y, colour);
      lay(target.data, (y * target.width + x) * 4, colour, covered, formula);
    }
  }
}

/** Lays one layer over another. */
export function layOver(target: Layer, layer: Layer, opacity: number, clip: Coverage | null, blend: string): void {
  const formula = blendOf(blend);
  const { data, width, used } = layer;
  const colour: Colour = [0, 0, 0, 0];
  use(target, used.left, used.top, used.right, used.bottom);
  for (let y = used.top; y < used.bottom; y++) {
    for (let x = used.left; x < used.right; x++) {
      const index = (y * width + x) * 4;
      if (data[index + 3] === 0) continue;
      for (let channel = 0; channel < 4; channel++) colour[channel] = data[index + channel] as number;
      lay(target.data, index, colour, opacity * (clip ? at(clip, x, y) : 1), formula);
    }
  }
}

/** A layer's alpha as coverage. */
export function alphaOf({ width, height, data }: Layer): Coverage {
  const alphas = new Float32Array(width * height);
  for (let pixel = 0; pixel < alphas.length; pixel++) alphas[pixel] = data[pixel * 4 + 3] as number;
  return { x: 0, y: 0, width, height, data: alphas };
}

/** Blurs a layer in place with a Gaussian of `sigma` pixels. */
export function blur(layer: Layer, sigma: number): void {
  if (sigma <= 0) return;
  const { width, height, data } = layer;
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const run = (
    from: Float32Array,
    to: Float32Array,
    count: number,
    stride: number,
    lines: number,
    step: number,
  ): void => {
    for (let line = 0; line < lines; line++) {
      for (let place = 0; place < count; place++) {
        for (let channel = 0; channel < 4; channel++) {
          let sum = 0;
          for (let k = Math.max(-reach, -place); k <= Math.min(reach, count - 1 - place); k++) {
            sum += (weights[k + reach] as number) * (from[line * step + (place + k) * stride + channel] as number);
          }
          to[line * step + place * stride + channel] = sum / total;
        }
      }
    }
  };
  const across = new Float32Array(data.length);
  run(data, across, width, 4, height, width * 4);
  run(across, data, height, width * 4, width, 4);
  use(layer, 0, 0, width, height);
}
