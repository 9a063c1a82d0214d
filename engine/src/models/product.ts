import { productBytes } from "./product-bytes.ts";
import { plainProduct } from "./product-plain.ts";

// A product of two matrices that is added to a stretch of a third one: what a LoRA does to each weight, and the most of
// what it costs. It goes tile by tile through a memory of 512 KiB, so that a factor of any size needs no more.

/** A product of matrices: [rows, rank] times [rank, columns]. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly up: Float32Array;
  readonly down: Float32Array;
}

/**
 * Adds a product of tiles to a tile of `rows` x `width`. The first three are addresses in bytes. `to` and `down`, of `rank`
 * rows, have `pitch` numbers a row; `up` has its rows by four: four numbers for each of the ranks. Rows are rounded up to
 * four and `width` must be a multiple of eight. Each sum begins with 0, goes through the ranks in order, in float32, and is
 * added at the end.
 */
export type ProductLoop = (
  to: number,
  up: number,
  down: number,
  rows: number,
  width: number,
  pitch: number,
  rank: number,
) => void;

/** What the tiles of the memory hold at most, in numbers. */
const tiles = { to: 1 << 16, down: 3 << 14, up: 1 << 14 } as const;
/** Ranks that are summed in one go. */
const RANKS = 512;
const at = { to: 0, down: 4 * tiles.to, up: 4 * (tiles.to + tiles.down) } as const;
const pages = (4 * (tiles.to + tiles.down + tiles.up)) >> 16;

/** A memory with the loop over it. */
export interface ProductRoom {
  readonly floats: Float32Array;
  readonly add: ProductLoop;
}

/** A room whose loop is WebAssembly; null where that cannot run. */
export function fastRoom(): ProductRoom | null {
  try {
    const module = new WebAssembly.Module(Uint8Array.from(atob(productBytes), (sign) => sign.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: pages });
    const { exports } = new WebAssembly.Instance(module, { room: { memory } });
    return { floats: new Float32Array(memory.buffer), add: exports["addProduct"] as ProductLoop };
  } catch {
    return null;
  }
}

/** A room whose loop is TypeScript. */
export function plainRoom(): ProductRoom {
  const floats = new Float32Array(pages << 14);
  return { floats, add: plainProduct(floats) };
}

let shared: ProductRoom | undefined;

/** Adds the product's elements from number `from` on, counted along its rows, to `into`. */
export function addProduct(into: Float32Array, from: number, product: Product, room?: ProductRoom): void {
  shared ??= room ? undefined : (fastRoom() ?? plainRoom());
  const { floats, add } = room ?? (shared as ProductRoom);
  const { columns, rank, down } = product;
  const end = from + into.length;
  const [firstRow, lastRow] = [Math.floor(from / columns), Math.ceil(end / columns)];
  for (let k = 0; k < rank; k += RANKS) {
    const ranks = Math.min(RANKS, rank - k);
    // Rows of a width that is a power of two would fall into the same few places of the cache: hence 8 numbers more.
    const most = (Math.min(Math.floor(tiles.down / ranks), tiles.to / 4) & ~7) - 8;
    for (let column = 0; column < columns; column += most) {
      const wide = Math.min(most, columns - column);
      const width = (wide + 7) & ~7;
      const pitch = width + 8;
      for (let n = 0; n < ranks; n++) {
        const begin = (k + n) * columns + column;
        floats.set(down.subarray(begin, begin + wide), at.down / 4 + n * pitch);
      }
      const height = Math.min(Math.floor(tiles.to / pitch), Math.floor(tiles.up / ranks)) & ~3;
      for (let row = firstRow; row < lastRow; row += height) {
        const rows = Math.min(height, lastRow - row);
        packUp(floats, product, { row, rows, k, ranks });
        /** Calls back with each row's part of the stretch: its place in the tile, and in `into`. */
        const eachRow = (part: (place: number, begin: number, end: number) => void) => {
          for (let n = 0; n < rows; n++) {
            const start = (row + n) * columns + column;
            const [first, last] = [Math.max(start, from), Math.min(start + wide, end)];
            if (first < last) part(n * pitch + first - start, first - from, last - from);
          }
        };
        eachRow((place, first, last) => floats.set(into.subarray(first, last), place));
        add(at.to, at.up, at.down, rows, width, pitch, ranks);
        eachRow((place, first, last) => into.set(floats.subarray(place, place + last - first), first));
      }
    }
  }
}

/** Writes rows of the left matrix by four, as the loop reads them. What is beyond its end is 0. */
function packUp(
  floats: Float32Array,
  { rows: all, rank, up }: Product,
  { row, rows, k, ranks }: { row: number; rows: number; k: number; ranks: number },
): void {
  for (let n = 0; n < (rows + 3) >> 2; n++) {
    const to = at.up / 4 + n * ranks * 4;
    for (let m = 0; m < 4; m++) {
      const from = (row + 4 * n + m) * rank + k;
      const isThere = row + 4 * n + m < all;
      for (let i = 0; i < ranks; i++) floats[to + 4 * i + m] = isThere ? (up[from + i] as number) : 0;
    }
  }
}
