import { checkSize, type Decoded, layOnCanvas, unreadable } from "./raster.ts";
import { inRows, stretch, type Work } from "./turns.ts";

/** Reads a GIF file: its first frame, laid on the full canvas at its offset, transparent outside (GIF89a). */
export function* readGif(bytes: Uint8Array, file: string): Work<Decoded> {
  const cut = (): Error => unreadable(file, "its picture data is cut off or damaged. Get the file again.");
  if (bytes.length < 13) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  checkSize(file, width, height);
  const tableLength = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  const screen = bytes[10] as number;
  let at = 13 + tableLength(screen);
  let transparent = -1;
  let raster: Decoded["raster"] | undefined;
  let frames = 0;
  for (;;) {
    const kind = bytes[at];
    // A missing end mark is common and harms nothing once a frame is there.
    if (kind === undefined || kind === 0x3b) break;
    if (kind === 0x21) {
      const control = bytes[at + 1] === 0xf9 && bytes[at + 2] === 4;
      if (control && frames === 0) transparent = (bytes[at + 3] as number) & 1 ? (bytes[at + 6] ?? -1) : -1;
      at = skipBlocks(bytes, at + 2);
    } else if (kind === 0x2c && at + 11 <= bytes.length) {
      frames++;
      const flags = bytes[at + 9] as number;
      const data = at + 10 + tableLength(flags);
      if (!raster) {
        const [x, y, columns, rows] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true)) as [
          number,
          number,
          number,
          number,
        ];
        checkSize(file, columns, rows);
        const start = flags & 0x80 ? at + 10 : 13;
        const palette = bytes.subarray(start, start + (tableLength(flags) || tableLength(screen)));
        const indices = yield* unpack(bytes, data, columns * rows);
        if (!indices) throw cut();
        const frame = yield* paint(indices, columns, rows, (flags & 0x40) !== 0, palette, transparent);
        raster = yield* layOnCanvas(frame, x, y, width, height);
      }
      at = skipBlocks(bytes, data + 1);
    } else {
      break;
    }
  }
  if (!raster) throw cut();
  return { raster, orientation: 1, notes: frames > 1 ? [`Took the first of ${frames} frames.`] : [] };
}

/** The place behind a row of sub-blocks, each with its length in front, closed by an empty one. */
function skipBlocks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] as number);
  return at + 1;
}

/** Undoes GIF's LZW (variable codes of up to 12 bits, lowest bit first); null where the codes end early or make no sense. */
function* unpack(bytes: Uint8Array, start: number, count: number): Work<Uint8Array | null> {
  const smallest = bytes[start] ?? 0;
  if (smallest < 1 || smallest > 11) return null;
  const clear = 1 << smallest;
  const prefixes = new Uint16Array(4096);
  const suffixes = new Uint8Array(4096);
  const lengths = new Uint16Array(4096).fill(1, 0, clear);
  for (let code = 0; code < clear; code++) suffixes[code] = code;
  // Memory follows the data: a code of 12 bits gives 4096 indices at most, and usually far fewer.
  let indices = new Uint8Array(Math.min(count, 65_536));
  let [size, next, previous, filled] = [smallest + 1, clear + 2, -1, 0];
  let [bits, held] = [0, 0];
  let told = 0;
  let at = start + 1;
  for (let block = bytes[at++] ?? 0; block > 0 && filled < count; block = bytes[at++] ?? 0) {
    // A block may be of a few bytes or swell to half a million pixels.
    if (filled - told > stretch) {
      told = filled;
      yield;
    }
    for (const end = at + block; at < end && filled < count; at++) {
      if (at >= bytes.length) return null;
      bits |= (bytes[at] as number) << held;
      held += 8;
      while (held >= size && filled < count) {
        const code = bits & ((1 << size) - 1);
        bits >>>= size;
        held -= size;
        if (code === clear) {
          [size, next, previous] = [smallest + 1, clear + 2, -1];
          continue;
        }
        if (code === clear + 1 || code > next || (code === next && previous < 0)) return null;
        if (previous < 0 && code > clear) return null;
        // A code that is only now being made is its forerunner and that one's first index again.
        const known = code < next ? code : previous;
        const length = (lengths[known] as number) + (code < next ? 0 : 1);
        if (filled + length > indices.length && indices.length < count) {
          const larger = new Uint8Array(Math.min(count, Math.max(indices.length * 2, filled + length)));
          larger.set(indices);
          indices = larger;
        }
        let place = filled + (lengths[known] as number) - 1;
        let walk = known;
        for (; walk >= clear; walk = prefixes[walk] as number) indices[place--] = suffixes[walk] as number;
        indices[place] = walk;
        if (code >= next) indices[filled + length - 1] = walk;
        filled += length;
        if (previous >= 0 && next < 4096) {
          prefixes[next] = previous;
          suffixes[next] = walk;
          lengths[next] = (lengths[previous] as number) + 1;
          next++;
          if (next === 1 << size && size < 12) size++;
        }
        previous = code;
      }
    }
  }
  return filled >= count ? indices : null;
}

function* paint(
  indices: Uint8Array,
  width: number,
  height: number,
  interlaced: boolean,
  palette: Uint8Array,
  transparent: number,
): Work<Decoded["raster"]> {
  const data = new Uint8Array(width * height * 4);
  // Interlaced rows come in four passes (GIF89a, appendix E).
  const passes = interlaced
    ? [
        [0, 8],
        [4, 8],
        [2, 4],
        [1, 2],
      ]
    : [[0, 1]];
  let source = 0;
  for (const [first = 0, step = 1] of passes) {
    yield* inRows(Math.max(0, Math.ceil((height - first) / step)), width, (row) => {
      const y = first + row * step;
      for (let target = y * width * 4, end = target + width * 4; target < end; target += 4, source++) {
        const index = indices[source] as number;
        if (index === transparent) continue;
        for (let channel = 0; channel < 3; channel++) data[target + channel] = palette[index * 3 + channel] ?? 0;
        data[target + 3] = 255;
      }
    });
  }
  return { width, height, data };
}
