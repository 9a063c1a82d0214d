import type { Pixels } from "@underdraw/engine/core";
import type { Size } from "../core/geometry.ts";
import { apply, invert, multiply } from "../core/matrix.ts";
import type { GradientPaint, ImagePaint, Paint, Transform } from "../typings.ts";
import type { Colour, ColourAt } from "./layer.ts";

// The colour of a paint at each pixel.

/** What a paint is put on. */
export interface Ground {
  /** The node's size in its own units. */
  readonly size: Size;
  /** From the node to the picture's pixels. */
  readonly toPixels: Transform;
  /** The decoded images of the file, by hash. */
  readonly images: ReadonlyMap<string, Pixels>;
}

/** The colours of a paint; null for one that shows nothing. */
export function colourOf(paint: Paint, ground: Ground): ColourAt | null {
  const opacity = paint.opacity ?? 1;
  if (paint.visible === false || opacity === 0) return null;
  switch (paint.type) {
    case "SOLID": {
      const { r, g, b } = paint.color;
      return (_x, _y, into) => write(into, r * opacity, g * opacity, b * opacity, opacity);
    }
    case "IMAGE":
      return image(paint, opacity, ground);
    case "GRADIENT_LINEAR":
    case "GRADIENT_RADIAL":
    case "GRADIENT_ANGULAR":
    case "GRADIENT_DIAMOND":
      return gradient(paint, opacity, ground);
    default:
      throw new Error(`The simulator draws no paint of type ${paint.type}.`);
  }
}

function write(into: Colour, red: number, green: number, blue: number, alpha: number): void {
  into[0] = red;
  into[1] = green;
  into[2] = blue;
  into[3] = alpha;
}

/** From the picture's pixels to the node's box as 0..1. */
function toUnit({ size, toPixels }: Ground): Transform {
  const scale: Transform = [
    [1 / (size.width || 1), 0, 0],
    [0, 1 / (size.height || 1), 0],
  ];
  return multiply(scale, invert(toPixels));
}

function gradient(paint: GradientPaint, opacity: number, ground: Ground): ColourAt {
  const place = multiply(paint.gradientTransform, toUnit(ground));
  const stops = [...paint.gradientStops].sort((a, b) => a.position - b.position);
  return (x, y, into) => between(stops, along(paint.type, ...apply(place, x + 0.5, y + 0.5)), opacity, into);
}

/** How far along its stops a gradient is at a place of its own unit square. */
function along(type: GradientPaint["type"], u: number, v: number): number {
  switch (type) {
    case "GRADIENT_LINEAR":
      return u;
    case "GRADIENT_RADIAL":
      return 2 * Math.hypot(u - 0.5, v - 0.5);
    case "GRADIENT_DIAMOND":
      return 2 * (Math.abs(u - 0.5) + Math.abs(v - 0.5));
    case "GRADIENT_ANGULAR":
      return (Math.atan2(v - 0.5, u - 0.5) / (2 * Math.PI) + 1) % 1;
  }
}

function between(stops: GradientPaint["gradientStops"], at: number, opacity: number, into: Colour): void {
  const found = stops.findIndex(({ position }) => position > at);
  const next = found < 0 ? stops.length - 1 : found;
  const [before, after] = [stops[found < 0 ? next : Math.max(0, next - 1)], stops[next]];
  if (!before || !after) {
    write(into, 0, 0, 0, 0);
    return;
  }
  const span = after.position - before.position;
  const share = span > 0 ? Math.min(1, Math.max(0, (at - before.position) / span)) : 0;
  const mix = (channel: "r" | "g" | "b" | "a"): number =>
    before.color[channel] * (1 - share) + after.color[channel] * share;
  const alpha = mix("a") * opacity;
  write(into, mix("r") * alpha, mix("g") * alpha, mix("b") * alpha, alpha);
}

function image(paint: ImagePaint, opacity: number, ground: Ground): ColourAt | null {
  if (paint.imageHash === null) return null;
  const pixels = ground.images.get(paint.imageHash);
  if (!pixels) throw new Error(`The file has no image ${paint.imageHash}.`);
  if (Object.values(paint.filters ?? {}).some((value) => value !== 0)) {
    throw new Error("The simulator draws no image filters.");
  }
  const [[a, c, e], [b, d, f]] = multiply(toImage(paint, ground.size, pixels), invert(ground.toPixels));
  // So many pixels of the image lie on one of the picture, along its longer axis.
  const density = Math.max(Math.hypot(a, b), Math.hypot(c, d));
  const grid = Math.min(16, Math.max(1, Math.ceil(density - 1e-9)));
  const share = opacity / grid ** 2;
  const light = lightOf(pixels);
  const isTile = paint.scaleMode === "TILE";
  const isCut = paint.scaleMode === "FIT" || paint.scaleMode === "CROP";
  return (x, y, into) => {
    write(into, 0, 0, 0, 0);
    for (let row = 0; row < grid; row++) {
      for (let column = 0; column < grid; column++) {
        const [px, py] = [x + (column + 0.5) / grid, y + (row + 0.5) / grid];
        const [u, v] = [a * px + c * py + e, b * px + d * py + f];
        // A little grace at the sides, so that an exact fit is not thinned there by floating point.
        const isOutside = u < -1e-6 || v < -1e-6 || u > pixels.width + 1e-6 || v > pixels.height + 1e-6;
        if (!(isCut && isOutside)) addSample(light, u, v, isTile, share, into);
      }
    }
  };
}

/** From the node's own units to the image's pixels. */
function toImage(paint: ImagePaint, { width, height }: Size, pixels: Pixels): Transform {
  const quarter = ((paint.rotation ?? 0) / 90) % 4;
  const turned = quarter % 2 === 1 ? { width: pixels.height, height: pixels.width } : pixels;
  const centred = (scale: number): Transform => [
    [1 / scale, 0, (turned.width - width / scale) / 2],
    [0, 1 / scale, (turned.height - height / scale) / 2],
  ];
  const [across, down] = [width / turned.width, height / turned.height];
  switch (paint.scaleMode) {
    case "FILL":
      return multiply(quarterTurn(quarter, pixels), centred(Math.max(across, down)));
    case "FIT":
      return multiply(quarterTurn(quarter, pixels), centred(Math.min(across, down)));
    case "TILE": {
      const scale = 1 / (paint.scalingFactor ?? 1);
      return multiply(quarterTurn(quarter, pixels), [
        [scale, 0, 0],
        [0, scale, 0],
      ]);
    }
    case "CROP": {
      const crop: Transform = paint.imageTransform ?? [
        [1, 0, 0],
        [0, 1, 0],
      ];
      const unit: Transform = [
        [1 / width, 0, 0],
        [0, 1 / height, 0],
      ];
      const full: Transform = [
        [pixels.width, 0, 0],
        [0, pixels.height, 0],
      ];
      return multiply(full, multiply(crop, unit));
    }
  }
}

/** From an image turned by quarters with the clock to the image as it is stored. */
function quarterTurn(quarter: number, { width, height }: Size): Transform {
  switch (quarter) {
    case 1:
      return [
        [0, 1, 0],
        [-1, 0, height],
      ];
    case 2:
      return [
        [-1, 0, width],
        [0, -1, height],
      ];
    case 3:
      return [
        [0, -1, width],
        [1, 0, 0],
      ];
    default:
      return [
        [1, 0, 0],
        [0, 1, 0],
      ];
  }
}

/** An image's colours times alpha, from 0 to 1. */
function lightOf({ width, height, data }: Pixels): Light {
  const light = new Float32Array(data.length);
  for (let index = 0; index < data.length; index += 4) {
    const alpha = (data[index + 3] as number) / 255;
    for (let channel = 0; channel < 3; channel++)
      light[index + channel] = ((data[index + channel] as number) / 255) * alpha;
    light[index + 3] = alpha;
  }
  return { width, height, light };
}

interface Light extends Size {
  readonly light: Float32Array;
}

/** Adds a share of an image's colour between its pixels; outside, the sides go on, or the image begins anew. */
function addSample(
  { width, height, light }: Light,
  u: number,
  v: number,
  tiles: boolean,
  share: number,
  into: Colour,
): void {
  const [left, top] = [Math.floor(u - 0.5), Math.floor(v - 0.5)];
  const [across, down] = [snapped(u - 0.5 - left), snapped(v - 0.5 - top)];
  const [x0, x1] = [within(left, width, tiles), within(left + 1, width, tiles)];
  const [y0, y1] = [within(top, height, tiles) * width, within(top + 1, height, tiles) * width];
  const [a, b, c, d] = [(y0 + x0) * 4, (y0 + x1) * 4, (y1 + x0) * 4, (y1 + x1) * 4];
  const shareA = share * (1 - across) * (1 - down);
  const shareB = share * across * (1 - down);
  const shareC = share * (1 - across) * down;
  const shareD = share * across * down;
  for (let channel = 0; channel < 4; channel++) {
    into[channel] =
      (into[channel] as number) +
      (light[a + channel] as number) * shareA +
      (light[b + channel] as number) * shareB +
      (light[c + channel] as number) * shareC +
      (light[d + channel] as number) * shareD;
  }
}

/** A place along a side of an image. */
function within(at: number, length: number, tiles: boolean): number {
  if (at >= 0 && at < length) return at;
  return tiles ? ((at % length) + length) % length : Math.min(length - 1, Math.max(0, at));
}

/** Places that are pixels' middles but for floating point are taken as such, so that copies at scale 1 are exact. */
const snapped = (share: number): number => (share < 1e-6 ? 0 : share > 1 - 1e-6 ? 1 : share);
