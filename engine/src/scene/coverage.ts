import { type Box, intersection, isEmpty } from "./box.ts";
import type { Edges } from "./edges.ts";

// Exact area coverage of straight edges. Each edge adds the area to its right, with a sign for its direction, to the cells
// that it crosses; a running sum along a row is then how often each pixel is covered, and the fill rule makes 0..255 of
// it. Areas are whole numbers of 1/65536 pixel, so that sums are exact: the same pixels come out whichever part of a
// picture is painted, and edges that meet leave neither seam nor trace.

/** Takes the coverage of a row from `left` to before `right`. */
export interface Sink {
  /** One value a pixel, found in `values` at the pixel's x. The sink may change them. */
  mixed(y: number, left: number, right: number, values: Uint8Array): void;
  /** The same value, above 0, for all. */
  solid(y: number, left: number, right: number, value: number): void;
}

/** As many cells as are filled at once, and edges added: then others get a turn. */
const mostCells = 1 << 18;
const mostEdges = 1 << 17;

/** The rasteriser: what it holds between calls is space only. */
export class Coverage {
  #cells = new Int32Array(4096);
  #touched = new Uint8Array(512);
  #values = new Uint8Array(1024);

  /** Sends the coverage of `edges` inside `box`, which begins at 0, 0 or further, to `sink`, from the top row down. */
  fill(edges: Edges, box: Box, sink: Sink): void {
    const area = intersection(edges.box, box);
    if (isEmpty(area)) return;
    const rows = rowsAtOnce(area);
    for (let top = area.top; top < area.bottom; top += rows) {
      const band = { ...area, top, bottom: Math.min(area.bottom, top + rows) };
      this.#begin(band);
      this.#add(edges.data, 0, edges.data.length, band);
      this.#sweep(edges.rule === "evenodd", band, sink);
    }
  }

  /** True for what `fill` does in a few milliseconds. */
  isSmall(edges: Edges, box: Box): boolean {
    const area = intersection(edges.box, box);
    return edges.data.length <= 4 * mostEdges && (area.right - area.left) * (area.bottom - area.top) <= 4 * mostCells;
  }

  /** As `fill`, with a turn for others every few milliseconds. */
  *fillInTurns(edges: Edges, box: Box, sink: Sink): Generator<void, void, void> {
    const area = intersection(edges.box, box);
    if (isEmpty(area)) return;
    const rows = rowsAtOnce(area);
    const { data } = edges;
    for (let top = area.top; top < area.bottom; top += rows) {
      const band = { ...area, top, bottom: Math.min(area.bottom, top + rows) };
      this.#begin(band);
      for (let from = 0; from < data.length; from += 4 * mostEdges) {
        this.#add(data, from, Math.min(data.length, from + 4 * mostEdges), band);
        yield;
      }
      this.#sweep(edges.rule === "evenodd", band, sink);
      yield;
    }
  }

  /** Space for a band, all of it zero: what was painted was cleared, what was left in the middle is not. */
  #begin(band: Box): void {
    const blocks = blocksOf(band);
    const size = blocks * (band.bottom - band.top);
    if (size * 8 > this.#cells.length) {
      this.#cells = new Int32Array(size * 8);
      this.#touched = new Uint8Array(size);
    }
    if (this.#values.length < band.right + 16) this.#values = new Uint8Array(band.right + 16);
  }

  #add(data: Float32Array, from: number, to: number, { left, top, right, bottom }: Box): void {
    const cells = this.#cells;
    const touched = this.#touched;
    const blocks = blocksOf({ left, top, right, bottom });
    for (let n = from; n < to; n += 4) {
      let x0 = data[n] as number;
      let y0 = data[n + 1] as number;
      let x1 = data[n + 2] as number;
      let y1 = data[n + 3] as number;
      let sign = 65536;
      if (y0 > y1) {
        const [x, y] = [x0, y0];
        x0 = x1;
        y0 = y1;
        x1 = x;
        y1 = y;
        sign = -65536;
      }
      if (y1 <= top || y0 >= bottom) continue;
      const low = Math.min(x0, x1);
      const high = Math.max(x0, x1);
      // What lies right of the area covers nothing in it. Not a number ends here as well.
      if (!(low < right)) continue;
      const slope = (x1 - x0) / (y1 - y0);
      let y = y0 > top ? y0 | 0 : top;
      let upper = Math.max(y0, y);
      let x = x0 + slope * (upper - y0);
      if (x < low) x = low;
      else if (x > high) x = high;
      const end = y1 < bottom ? y1 : bottom;
      const inside = low >= left && high <= right;
      for (let row = (y - top) * blocks; upper < end; y++, row += blocks) {
        const lower = Math.min(y + 1, y1);
        // From the edge's own start every time, so that a row is the same wherever painting begins.
        let next = x0 + slope * (lower - y0);
        if (next < low) next = low;
        else if (next > high) next = high;
        const height = ((lower - upper) * sign) | 0;
        upper = lower;
        const a = Math.min(x, next);
        const b = Math.max(x, next);
        x = next;
        if (!inside) {
          if (a >= right) continue;
          if (b <= left) {
            cells[row << 3] = (cells[row << 3] as number) + height;
            touched[row] = 1;
            continue;
          }
          if (a < left || b > right) {
            this.#addCut(a, b, height, left, right, row);
            continue;
          }
        }
        const first = a | 0;
        const at = first - left;
        const cell = (row << 3) + at;
        touched[row + (at >> 3)] = 1;
        if (b <= first + 1) {
          // The part of the row's height that lies right of the edge within its own cell; the rest reaches the next ones.
          const beyond = (height * ((a + b) * 0.5 - first)) | 0;
          touched[row + ((at + 1) >> 3)] = 1;
          cells[cell] = (cells[cell] as number) + height - beyond;
          cells[cell + 1] = (cells[cell + 1] as number) + beyond;
          continue;
        }
        const share = height / (b - a);
        const head = first + 1 - a;
        let sum = (share * 0.5 * head * head) | 0;
        cells[cell] = (cells[cell] as number) + sum;
        let k = first + 1;
        let place = cell + 1;
        for (; k + 1 < b; k++, place++) {
          const now = (share * (k + 0.5 - a)) | 0;
          cells[place] = (cells[place] as number) + now - sum;
          sum = now;
        }
        const tail = b - k;
        const now = (height - share * 0.5 * tail * tail) | 0;
        cells[place] = (cells[place] as number) + now - sum;
        cells[place + 1] = (cells[place + 1] as number) + height - now;
        const stop = (k + 1 - left) >> 3;
        for (let block = (at >> 3) + 1; block <= stop; block++) touched[row + block] = 1;
      }
    }
  }

  /** Adds an edge within a row that leaves the area on one side: the same sums as for a whole one, cell by cell. */
  #addCut(a: number, b: number, height: number, left: number, right: number, row: number): void {
    const cells = this.#cells;
    const first = Math.floor(a);
    const share = height / (b - a);
    let sum = 0;
    // One more cell than the area has, where the rest would go that lies right of the edge.
    const last = Math.min(right, Math.ceil(b));
    for (let k = Math.max(left, first); k <= last; k++) {
      let now = height;
      if (b <= first + 1) {
        if (k === first) now = height - ((height * ((a + b) * 0.5 - first)) | 0);
      } else if (k === first) now = (share * 0.5 * (first + 1 - a) * (first + 1 - a)) | 0;
      else if (k + 1 < b) now = (share * (k + 0.5 - a)) | 0;
      else if (k < b) now = (height - share * 0.5 * (b - k) * (b - k)) | 0;
      const cell = (row << 3) + k - left;
      cells[cell] = (cells[cell] as number) + now - sum;
      this.#touched[row + ((k - left) >> 3)] = 1;
      sum = now;
    }
  }

  #sweep(evenOdd: boolean, { left, top, right, bottom }: Box, sink: Sink): void {
    const cells = this.#cells;
    const touched = this.#touched;
    const values = this.#values;
    const blocks = blocksOf({ left, top, right, bottom });
    for (let y = top, row = 0; y < bottom; y++, row += blocks) {
      let sum = 0;
      const end = row + blocks;
      for (let block = row; block < end; ) {
        const from = block;
        const x = left + ((from - row) << 3);
        if (touched[block] === 0) {
          do block++;
          while (block < end && touched[block] === 0);
          const value = evenOdd ? alternating(sum) : covered(sum);
          if (value > 0 && x < right) sink.solid(y, x, Math.min(right, left + ((block - row) << 3)), value);
          continue;
        }
        do touched[block++] = 0;
        while (block < end && touched[block] !== 0);
        let any = 0;
        let to = x;
        if (evenOdd) {
          for (let cell = from << 3; cell < block << 3; cell++, to++) {
            sum = (sum + (cells[cell] as number)) | 0;
            cells[cell] = 0;
            any |= values[to] = alternating(sum);
          }
        } else {
          for (let cell = from << 3; cell < block << 3; cell++, to++) {
            sum = (sum + (cells[cell] as number)) | 0;
            cells[cell] = 0;
            any |= values[to] = covered(sum);
          }
        }
        if (any > 0 && x < right) sink.mixed(y, x, to < right ? to : right, values);
      }
    }
  }
}

/** What is covered at all is inside. */
function covered(sum: number): number {
  const area = sum < 0 ? -sum : sum;
  return area >= 65536 ? 255 : (area * 255 + 32768) >> 16;
}

/** What is covered an odd number of times is inside. */
function alternating(sum: number): number {
  const area = (sum < 0 ? -sum : sum) & 131071;
  return ((area > 65536 ? 131072 - area : area) * 255 + 32768) >> 16;
}

/** Blocks of 8 cells in a row: two cells more than pixels, since an edge at the very right reaches beyond. */
function blocksOf({ left, right }: Box): number {
  return (right - left + 9) >> 3;
}

function rowsAtOnce({ left, right }: Box): number {
  return Math.max(1, Math.floor(mostCells / (right - left)));
}
