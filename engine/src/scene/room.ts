import { type Box, intersection } from "./box.ts";

/** Tiles of 16 x 16 pixels. */
const shift = 4;

/**
 * How much of each pixel is still open to what lies further back: 255 is all. Painting goes from the front to the back, so
 * a tile without room needs nothing any more, and neither does a shape that lies in such tiles only.
 */
export class Room {
  readonly width: number;
  readonly height: number;
  /** One value a pixel, rows from the top. It only falls until `open` is called. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly #columns: number;
  /** For each tile where its first pixel with room is, counted in rows of 16; 256 for a tile without room. */
  readonly #first: Uint16Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height).fill(255);
    this.#columns = (width + 15) >> shift;
    this.#first = new Uint16Array(this.#columns * ((height + 15) >> shift));
  }

  /** Opens a box of pixels wholly. */
  open({ left, top, right, bottom }: Box): void {
    for (let y = top; y < bottom; y++) this.data.fill(255, y * this.width + left, y * this.width + right);
    for (let row = top >> shift; row <= (bottom - 1) >> shift; row++) {
      const start = row * this.#columns;
      this.#first.fill(0, start + (left >> shift), start + ((right - 1) >> shift) + 1);
    }
  }

  /** The part of a box, which lies in the picture, outside of which there is no room; null where there is none at all. */
  within(box: Box): Box | null {
    const [left, right] = [box.left >> shift, (box.right - 1) >> shift];
    const [top, bottom] = [box.top >> shift, (box.bottom - 1) >> shift];
    let [minX, maxX, minY, maxY] = [right + 1, left - 1, bottom + 1, top - 1];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        // Inside of what is known to have room nothing more can be learned.
        if (row <= maxY && column >= minX && column <= maxX) {
          column = maxX;
          continue;
        }
        if (this.#isClosed(column, row)) continue;
        if (column < minX) minX = column;
        if (column > maxX) maxX = column;
        if (row < minY) minY = row;
        maxY = row;
      }
    }
    if (maxY < minY) return null;
    const open = { left: minX << shift, top: minY << shift, right: (maxX + 1) << shift, bottom: (maxY + 1) << shift };
    return intersection(open, box);
  }

  #isClosed(column: number, row: number): boolean {
    const tile = row * this.#columns + column;
    let first = this.#first[tile] as number;
    if (first === 256) return true;
    const { data, width, height } = this;
    const [x, y] = [column << shift, row << shift];
    while (first < 256) {
      const [px, py] = [x + (first & 15), y + (first >> 4)];
      if (py >= height) first = 256;
      else if (px >= width) first = (first | 15) + 1;
      else if (data[py * width + px] !== 0) break;
      else first++;
    }
    this.#first[tile] = first;
    return first === 256;
  }
}
