import type { Pixels } from "../core/pixels.ts";
import type { Matrix } from "../core/scene.ts";
import { isOpaque } from "../vision/matte.ts";
import { resample } from "../vision/resample.ts";
import type { Box } from "./box.ts";
import type { Mask } from "./mask.ts";
import { inverse, times } from "./matrix.ts";
import type { PathData } from "./path-data.ts";
import type { RowPaint } from "./row-paint.ts";

/** Pixels laid into the box of a path. */
export interface PicturePaint extends RowPaint {
  /** How much it hides in a box; null for an opaque picture. */
  alpha(box: Box): Mask | null;
}

/**
 * A picture that fills the box of a path, in pixels of the map: enlarged by blending the four nearest, made smaller by the
 * mean of what a pixel covers first. Null where no pixel of the map has a place in it.
 */
export function picturePaint(picture: Pixels, { numbers }: PathData, matrix: Matrix): PicturePaint | null {
  const { width, height, data } = picture;
  if (!(width >= 1 && height >= 1) || data.length !== width * height * 4) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let n = 0; n < numbers.length; n += 2) {
    const [x, y] = [numbers[n] as number, numbers[n + 1] as number];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const placed = (w: number, h: number) => times(matrix, [(right - left) / w, 0, 0, (bottom - top) / h, left, top]);
  const [a, b, c, d] = placed(width, height);
  // How many pixels of the map one of the picture's takes along its rows and its columns.
  const [across, down] = [Math.sqrt(a * a + b * b), Math.sqrt(c * c + d * d)];
  if (!(across > 0 && down > 0 && across < Infinity && down < Infinity)) return null;
  const columns = across < 1 ? Math.max(1, Math.round(width * across)) : width;
  const rows = down < 1 ? Math.max(1, Math.round(height * down)) : height;
  const back = inverse(placed(columns, rows));
  if (back === null) return null;
  const source = columns < width || rows < height ? resample(picture, columns, rows, "area") : picture;
  return new Blended(source, back);
}

class Blended implements PicturePaint {
  readonly #picture: Pixels;
  readonly #back: Matrix;
  readonly #opaque: boolean;

  constructor(picture: Pixels, back: Matrix) {
    this.#picture = picture;
    this.#back = back;
    this.#opaque = isOpaque(picture);
  }

  row(y: number, left: number, right: number, out: Float32Array): void {
    const { width, height, data } = this.#picture;
    const [a, b, c, d, e, f] = this.#back;
    const opaque = this.#opaque;
    for (let x = left, to = 0; x < right; x++, to += 4) {
      const u = Math.min(width - 1, Math.max(0, a * (x + 0.5) + c * (y + 0.5) + e - 0.5));
      const v = Math.min(height - 1, Math.max(0, b * (x + 0.5) + d * (y + 0.5) + f - 0.5));
      const column = Math.floor(u);
      const row = Math.floor(v);
      const [along, under] = [u - column, v - row];
      const first = 4 * (row * width + column);
      const next = column + 1 < width ? first + 4 : first;
      const below = row + 1 < height ? 4 * width : 0;
      const upper = opaque ? 257 : 257 / 255;
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (let corner = 0; corner < 4; corner++) {
        const at = ((corner & 1) === 0 ? first : next) + (corner < 2 ? 0 : below);
        const share = ((corner & 1) === 0 ? 1 - along : along) * (corner < 2 ? 1 - under : under);
        const own = share * upper * (opaque ? 1 : (data[at + 3] as number));
        red += own * (data[at] as number);
        green += own * (data[at + 1] as number);
        blue += own * (data[at + 2] as number);
        alpha += own;
      }
      out[to] = red;
      out[to + 1] = green;
      out[to + 2] = blue;
      out[to + 3] = alpha * 255;
    }
  }

  alpha(box: Box): Mask | null {
    if (this.#opaque) return null;
    const width = box.right - box.left;
    const data = new Uint8Array(width * (box.bottom - box.top));
    const row = new Float32Array(width * 4);
    for (let y = box.top, to = 0; y < box.bottom; y++) {
      this.row(y, box.left, box.right, row);
      for (let n = 3; n < row.length; n += 4) data[to++] = Math.round((row[n] as number) / 257);
    }
    return { box, data };
  }
}
