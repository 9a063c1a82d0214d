import type { Rect } from "@underdraw/engine/core";
import { imaging } from "photoshop";
import type { Alpha } from "./alpha-outline.ts";
import type { Rgb } from "./paint.ts";
import type { Samples } from "./raster.ts";
import { srgb, taken } from "./read.ts";
import { type Edges, edgesOf, fitted } from "./rectangle.ts";

// One layer's own pixels and masks, read small. Needs a modal scope.

/** What a layer holds: how opaque it is where, and its colour in the mean. */
export interface LayerPixels {
  readonly alpha: Alpha;
  readonly colour: Rgb;
}

/** The size to ask for; none where nothing is to be made smaller. */
function smaller(region: Rect, side: number) {
  const size = fitted(region, side);
  return size.width === region.width && size.height === region.height ? {} : { targetSize: size };
}

/** The rectangle that Photoshop tells, counted in pixels of the pyramid level that it read from. */
function boxFrom({ left, top, right, bottom }: Edges, level: number): Rect {
  const scale = 2 ** level;
  return { x: left * scale, y: top * scale, width: (right - left) * scale, height: (bottom - top) * scale };
}

/**
 * Reads what a layer holds in a region, no side longer than `side`, its masks not counted; null for nothing. A layer must
 * not be asked for more than its own bounds: a scaled answer would not fit them.
 */
export async function readPixels(
  documentID: number,
  layerID: number,
  region: Rect,
  side: number,
  mask: Alpha | null = null,
): Promise<LayerPixels | null> {
  const { imageData, sourceBounds, level } = await imaging.getPixels({
    documentID,
    layerID,
    sourceBounds: edgesOf(region),
    ...srgb,
    componentSize: 8,
    ...smaller(region, side),
  });
  return pixelsOf(await taken(imageData), boxFrom(sourceBounds, level || 0), mask);
}

/**
 * Reads a layer's mask in a region as alpha: what is hidden by its density counts. Where Photoshop tells less than it was
 * asked for, the rest is hidden.
 */
export async function readMask(
  documentID: number,
  layerID: number,
  region: Rect,
  side: number,
  density: number,
): Promise<Alpha> {
  const { imageData, sourceBounds } = await imaging.getLayerMask({
    documentID,
    layerID,
    kind: "user",
    sourceBounds: edgesOf(region),
    ...smaller(region, side),
  });
  const { width, height, components, data } = await taken(imageData);
  const values = new Uint8Array(width * height);
  for (let n = 0; n < values.length; n++) {
    values[n] = Math.round(255 - (255 - (data[n * components] as number)) * density);
  }
  return { width, height, values, box: boxFrom(sourceBounds, 0) };
}

function pixelsOf({ width, height, components, data }: Samples, box: Rect, mask: Alpha | null): LayerPixels | null {
  if (!(width > 0 && height > 0 && box.width > 0 && box.height > 0)) return null;
  const values = new Uint8Array(width * height);
  const hasAlpha = components % 2 === 0;
  for (let n = 0; n < values.length; n++) {
    values[n] = hasAlpha ? (data[n * components + components - 1] as number) : 255;
  }
  const alpha = { width, height, values, box };
  if (mask) multiply(alpha, mask);
  const [green, blue] = components < 3 ? [0, 0] : [1, 2];
  let [sum, r, g, b] = [0, 0, 0, 0];
  for (let n = 0; n < values.length; n++) {
    const weight = values[n] as number;
    if (weight === 0) continue;
    const at = n * components;
    sum += weight;
    r += weight * (data[at] as number);
    g += weight * (data[at + green] as number);
    b += weight * (data[at + blue] as number);
  }
  return sum === 0 ? null : { alpha, colour: [r / sum, g / sum, b / sum] };
}

/** Takes away from an alpha what a mask hides: the mask is looked up in the middle of each pixel, blended between its own. */
function multiply({ width, height, values, box }: Alpha, mask: Alpha): void {
  const { box: cover } = mask;
  for (let y = 0; y < height; y++) {
    const down = ((box.y + ((y + 0.5) * box.height) / height - cover.y) * mask.height) / cover.height;
    for (let x = 0; x < width; x++) {
      const across = ((box.x + ((x + 0.5) * box.width) / width - cover.x) * mask.width) / cover.width;
      const at = y * width + x;
      values[at] = Math.round(((values[at] as number) * blended(mask, across, down)) / 255);
    }
  }
}

function blended({ width, height, values }: Alpha, across: number, down: number): number {
  if (!(across >= 0 && across <= width && down >= 0 && down <= height)) return 0;
  const [u, v] = [Math.min(width - 1, Math.max(0, across - 0.5)), Math.min(height - 1, Math.max(0, down - 0.5))];
  const [x, y] = [Math.floor(u), Math.floor(v)];
  const [right, below] = [x + 1 < width ? 1 : 0, y + 1 < height ? width : 0];
  const at = y * width + x;
  const upper = (values[at] as number) * (1 - u + x) + (values[at + right] as number) * (u - x);
  const lower = (values[at + below] as number) * (1 - u + x) + (values[at + below + right] as number) * (u - x);
  return upper * (1 - v + y) + lower * (v - y);
}
