import type { Matrix, Pixels, Rect } from "../core/index.ts";
import { colourFrom } from "../scene/colour.ts";
import type { Tiling } from "./pattern.ts";
import type { Reading } from "./reading.ts";
import { templatePicture } from "./template-picture.ts";
import { inverse, multiply } from "./transform.ts";

// Tiles of patterns as pictures, where shapes would be too many or too small to be seen.

/** The most pixels of such a picture, and of one tile of it. */
const [mostPixels, mostTilePixels] = [4_000_000, 1_000_000] as const;
/** The most points of tiles that are looked at for such a picture. */
const mostPoints = 32_000_000;
/** The pixels of a tile's shorter side, at least: curves are straight to a tenth of one. */
const finest = 24;

/** How many of the document's pixels a unit takes, in the mean. */
export const densityOf = ([a, b, c, d]: Matrix): number => Math.sqrt(Math.abs(a * d - b * c));

/** One tile as a picture, without its grounds, of so many pixels a unit of the pattern, and no smaller than `finest`. */
function* tilePicture(
  reading: Reading,
  { template, tile, content }: Tiling,
  density: number,
): Generator<void, Pixels, void> {
  const fine = Math.max(density, finest / Math.min(tile.width, tile.height));
  const scale = Math.min(fine, Math.sqrt(mostTilePixels / (tile.width * tile.height)));
  const [width, height] = [tile.width, tile.height].map((side) => Math.max(1, Math.round(side * scale))) as [
    number,
    number,
  ];
  const into: Matrix = [width / tile.width, 0, 0, height / tile.height, 0, 0];
  return yield* templatePicture(reading, template, multiply(into, content), width, height);
}

/** The tiles in a box of the outline's coordinates, at the document's own pixels; null where too many are drawn already. */
export function* tilesPicture(
  reading: Reading,
  matrix: Matrix,
  tiling: Tiling,
  box: Rect,
): Generator<void, Pixels | null, void> {
  const { tile } = tiling;
  const density = Math.min(densityOf(matrix), Math.sqrt(mostPixels / (box.width * box.height)));
  const [width, height] = [Math.ceil(box.width * density), Math.ceil(box.height * density)];
  if (!(width >= 1 && height >= 1) || !reading.spendPixels(width * height)) return null;
  const [a, b, c, d, e, f] = inverse(tiling.matrix) as Matrix;
  const own = yield* tilePicture(reading, tiling, density * densityOf(tiling.matrix));
  // A pixel is the mean of points in it, as close as the pixels of the tile are.
  const close = own.width / (tile.width * density * densityOf(tiling.matrix));
  const most = Math.sqrt(mostPoints / (width * height));
  const side = Math.max(1, Math.min(8, Math.floor(most), Math.ceil(close)));
  const data = new Uint8ClampedArray(4 * width * height);
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += 4) {
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (let point = 0; point < side * side; point++) {
        const x = box.x + ((column + ((point % side) + 0.5) / side) * box.width) / width;
        const y = box.y + ((row + (Math.floor(point / side) + 0.5) / side) * box.height) / height;
        const u = (a * x + c * y + e - tile.x) / tile.width;
        const v = (b * x + d * y + f - tile.y) / tile.height;
        const tileX = Math.min(own.width - 1, Math.floor((u - Math.floor(u)) * own.width));
        const tileY = Math.min(own.height - 1, Math.floor((v - Math.floor(v)) * own.height));
        const from = 4 * (tileY * own.width + tileX);
        const share = own.data[from + 3] as number;
        red += share * (own.data[from] as number);
        green += share * (own.data[from + 1] as number);
        blue += share * (own.data[from + 2] as number);
        alpha += share;
      }
      if (alpha === 0) continue;
      data[to] = red / alpha;
      data[to + 1] = green / alpha;
      data[to + 2] = blue / alpha;
      data[to + 3] = alpha / (side * side);
    }
    if (row % 16 === 15) yield;
  }
  return { width, height, data };
}

/** The colour of a pattern seen from far away, as CSS writes it, for what cannot be tiled. */
export function* meanColour(reading: Reading, tiling: Tiling, opacity: number): Generator<void, string, void> {
  const { data } = yield* tilePicture(reading, tiling, 32 / Math.max(tiling.tile.width, tiling.tile.height));
  let [red, green, blue, alpha] = [0, 0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const own = data[at + 3] as number;
    red += own * (data[at] as number);
    green += own * (data[at + 1] as number);
    blue += own * (data[at + 2] as number);
    alpha += own;
  }
  // Premultiplied, from 0 to 255 and from 0 to 1; below it the grounds, the topmost first.
  const count = (255 * data.length) / 4;
  [red, green, blue, alpha] = [red / count, green / count, blue / count, alpha / count];
  for (const { fill, opacity: own } of tiling.grounds.toReversed()) {
    const [r, g, b, a] = colourFrom(fill as string) ?? [0, 0, 0, 0];
    const seen = (1 - alpha) * a * own;
    [red, green, blue, alpha] = [red + seen * r, green + seen * g, blue + seen * b, alpha + seen];
  }
  const channel = (value: number): number => (alpha > 0 ? Math.round(value / alpha) : 0);
  const share = Math.round(alpha * opacity * 1e4) / 1e4;
  return `rgba(${channel(red)}, ${channel(green)}, ${channel(blue)}, ${share})`;
}
