import type { Pixels } from "../core/pixels.ts";
import { type Box, intersection, isEmpty } from "./box.ts";
import type { Sink } from "./coverage.ts";
import type { Mask } from "./mask.ts";
import { Room } from "./room.ts";
import type { FlatPaint, RowPaint } from "./row-paint.ts";

/**
 * Pixels that are painted on from the front to the back: what comes later lies under what came before, and shows as far as
 * that lets it through. Red, green and blue times alpha, and alpha, from 0 to 65535, so that many thin layers leave no
 * steps and a single opaque one exactly its colour.
 */
export class Canvas {
  readonly box: Box;
  readonly #data: Uint16Array;
  readonly #width: number;
  /** Closed where the canvas is opaque: nothing more will show there. */
  readonly #room: Room;

  /** A transparent canvas over a box of the map. */
  constructor(box: Box) {
    this.box = box;
    this.#width = box.right - box.left;
    this.#room = new Room(this.#width, box.bottom - box.top);
    this.#data = new Uint16Array(4 * this.#width * (box.bottom - box.top));
  }

  /** The part of a box where something can show yet; null where nothing can. */
  open(box: Box): Box | null {
    const { left, top } = this.box;
    const own = intersection(box, this.box);
    if (isEmpty(own)) return null;
    const open = this.#room.within({
      left: own.left - left,
      top: own.top - top,
      right: own.right - left,
      bottom: own.bottom - top,
    });
    return open && { left: open.left + left, top: open.top + top, right: open.right + left, bottom: open.bottom + top };
  }

  /** A sink that paints what is covered. `opacity` from 0 to 1. */
  painting(paint: FlatPaint | RowPaint, opacity: number): Sink {
    if ("row" in paint) return this.#rows(paint, opacity / 255);
    const [red, green, blue, alpha] = paint;
    const [data, room] = [this.#data, this.#room.data];
    const unit = opacity / 255;
    const put = (pixel: number, cover: number) => {
      if (room[pixel] === 0) return;
      const at = 4 * pixel;
      const share = cover * (1 - (data[at + 3] as number) / 65535);
      data[at] = red * share + (data[at] as number) + 0.5;
      data[at + 1] = green * share + (data[at + 1] as number) + 0.5;
      data[at + 2] = blue * share + (data[at + 2] as number) + 0.5;
      const now = Math.floor(alpha * share + (data[at + 3] as number) + 0.5);
      data[at + 3] = now;
      if (now === 65535) room[pixel] = 0;
    };
    return {
      mixed: (y, left, right, values) => {
        const row = this.#at(0, y);
        for (let x = left; x < right; x++) if (values[x] !== 0) put(row + x, (values[x] as number) * unit);
      },
      solid: (y, left, right, value) => {
        const row = this.#at(0, y);
        for (let x = left; x < right; x++) put(row + x, value * unit);
      },
    };
  }

  #rows(paint: RowPaint, unit: number): Sink {
    const colours = new Float32Array(4 * this.#width);
    return {
      mixed: (y, left, right, values) => {
        paint.row(y, left, right, colours);
        for (let x = left, pixel = this.#at(left, y), from = 0; x < right; x++, pixel++, from += 4) {
          if (values[x] !== 0) this.#under(pixel, colours, from, (values[x] as number) * unit);
        }
      },
      solid: (y, left, right, value) => {
        paint.row(y, left, right, colours);
        for (let x = left, pixel = this.#at(left, y), from = 0; x < right; x++, pixel++, from += 4) {
          this.#under(pixel, colours, from, value * unit);
        }
      },
    };
  }

  /** Lays a colour of a row under a pixel. */
  #under(pixel: number, colours: Float32Array | Uint16Array, from: number, cover: number): void {
    const [data, room] = [this.#data, this.#room.data];
    if (room[pixel] === 0) return;
    const at = 4 * pixel;
    const share = cover * (1 - (data[at + 3] as number) / 65535);
    data[at] = (colours[from] as number) * share + (data[at] as number) + 0.5;
    data[at + 1] = (colours[from + 1] as number) * share + (data[at + 1] as number) + 0.5;
    data[at + 2] = (colours[from + 2] as number) * share + (data[at + 2] as number) + 0.5;
    const now = Math.floor((colours[from + 3] as number) * share + (data[at + 3] as number) + 0.5);
    data[at + 3] = now;
    if (now === 65535) room[pixel] = 0;
  }

  /** Lays another canvas under this one, as far as a mask lets it through. */
  lay(other: Canvas, opacity: number, mask: Mask | null = null): void {
    const both = intersection(this.box, other.box);
    const box = mask ? intersection(both, mask.box) : both;
    if (isEmpty(box)) return;
    for (let y = box.top; y < box.bottom; y++) {
      let from = other.#at(box.left, y);
      let at = mask ? (y - mask.box.top) * (mask.box.right - mask.box.left) + box.left - mask.box.left : 0;
      for (let pixel = this.#at(box.left, y); pixel < this.#at(box.right, y); pixel++, from++, at++) {
        if (other.#data[4 * from + 3] === 0) continue;
        const cover = mask ? (opacity * (mask.data[at] as number)) / 255 : opacity;
        if (cover > 0) this.#under(pixel, other.#data, 4 * from, cover);
      }
    }
  }

  /** As a picture: straight alpha, 8 bits, each rounded to the nearest. */
  pixels(): Pixels {
    const data = new Uint8ClampedArray(this.#data.length);
    const own = this.#data;
    for (let n = 0; n < data.length; n += 4) {
      const alpha = own[n + 3] as number;
      if (alpha === 0) continue;
      const level = Math.floor(alpha / 257 + 0.5);
      if (level === 0) continue;
      const scale = 255 / alpha;
      data[n] = Math.floor((own[n] as number) * scale + 0.5);
      data[n + 1] = Math.floor((own[n + 1] as number) * scale + 0.5);
      data[n + 2] = Math.floor((own[n + 2] as number) * scale + 0.5);
      data[n + 3] = level;
    }
    return { width: this.#width, height: this.box.bottom - this.box.top, data };
  }

  /** The place of a pixel in the canvas's rows. */
  #at(x: number, y: number): number {
    return (y - this.box.top) * this.#width + x - this.box.left;
  }
}
