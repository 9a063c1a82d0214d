import { createPixels, type Pixels, type Rect } from "@underdraw/engine/core";

// The little picture arithmetic of a raster document: cut, lay over, mask. Whole pixels and straight alpha.

/** The common area of two boxes; null where they have none. */
export function common(one: Rect, other: Rect): Rect | null {
  const [x, y] = [Math.max(one.x, other.x), Math.max(one.y, other.y)];
  const width = Math.min(one.x + one.width, other.x + other.width) - x;
  const height = Math.min(one.y + one.height, other.y + other.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** The smallest box around boxes; null for none. */
export function around(boxes: readonly Rect[]): Rect | null {
  if (boxes.length === 0) return null;
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const width = Math.max(...boxes.map((box) => box.x + box.width)) - x;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) - y;
  return { x, y, width, height };
}

/** Pixels that lie over `box`, cut to `area`; what lies beyond is transparent. */
export function cutOut(pixels: Pixels, box: Rect, area: Rect): Pixels {
  const made = createPixels(area.width, area.height);
  const shared = common(box, area);
  if (!shared) return made;
  for (let y = shared.y; y < shared.y + shared.height; y++) {
    const from = 4 * ((y - box.y) * pixels.width + shared.x - box.x);
    const to = 4 * ((y - area.y) * area.width + shared.x - area.x);
    made.data.set(pixels.data.subarray(from, from + 4 * shared.width), to);
  }
  return made;
}

/** Lays pixels over others of the same size, in place: Porter and Duff's "over", on straight alpha. */
export function layOver(ground: Pixels, pixels: Pixels): void {
  const [under, over] = [ground.data, pixels.data];
  for (let i = 0; i < over.length; i += 4) {
    const alpha = over[i + 3] ?? 0;
    const below = under[i + 3] ?? 0;
    if (alpha === 255 || below === 0) under.set(over.subarray(i, i + 4), i);
    else if (alpha > 0) {
      const through = (below * (255 - alpha)) / 255;
      for (let k = i; k < i + 3; k++)
        under[k] = ((over[k] ?? 0) * alpha + (under[k] ?? 0) * through) / (alpha + through);
      under[i + 3] = alpha + through;
    }
  }
}
