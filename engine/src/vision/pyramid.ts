// Pictures of several channels at half, a quarter, an eighth of their size, as sums of neighbours with binomial weights
// (Burt and Adelson 1983), and back. Sums and products alone: the same bits in every engine.

/** Numbers in rows, `channels` of them a pixel, one pixel after the other. */
export interface Layer {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** A layer with each pixel blended with its neighbours two pixels around (weights 1 4 6 4 1 each way), edges repeated. */
export function softened(layer: Layer): Layer {
  return reduced(layer, 1);
}

/** A softened layer of half the size, rounded up. */
export function halved(layer: Layer): Layer {
  return reduced(layer, 2);
}

function reduced({ width, height, channels, data }: Layer, step: 1 | 2): Layer {
  const toWidth = Math.ceil(width / step);
  const toHeight = Math.ceil(height / step);
  const pitch = toWidth * channels;
  const result = new Float32Array(pitch * toHeight);
  // Five rows that are softened along the row already.
  const ring = Array.from({ length: 5 }, () => new Float32Array(pitch));
  const held = new Int32Array(5).fill(-1);
  const wide = new Float32Array((width + 4) * channels);
  const rowAt = (wanted: number): Float32Array => {
    const y = Math.min(Math.max(wanted, 0), height - 1);
    const row = ring[y % 5] as Float32Array;
    if (held[y % 5] === y) return row;
    held[y % 5] = y;
    const start = y * width * channels;
    wide.set(data.subarray(start, start + width * channels), 2 * channels);
    for (let k = 0; k < 2 * channels; k++) {
      wide[k] = data[start + (k % channels)] as number;
      wide[(width + 2) * channels + k] = data[start + (width - 1) * channels + (k % channels)] as number;
    }
    alongRow(wide, row, channels, step);
    return row;
  };
  for (let y = 0; y < toHeight; y++) {
    const from = y * step;
    acrossRows(rowAt(from - 2), rowAt(from - 1), rowAt(from), rowAt(from + 1), rowAt(from + 2), result, y * pitch);
  }
  return { width: toWidth, height: toHeight, channels, data: result };
}

function alongRow(wide: Float32Array, row: Float32Array, channels: number, step: number): void {
  if (step === 1) {
    for (let i = 0; i < row.length; i++) {
      const outer = (wide[i] as number) + (wide[i + 4 * channels] as number);
      const inner = (wide[i + channels] as number) + (wide[i + 3 * channels] as number);
      row[i] = 0.0625 * outer + 0.25 * inner + 0.375 * (wide[i + 2 * channels] as number);
    }
    return;
  }
  for (let to = 0, from = 0; to < row.length; from += (step - 1) * channels) {
    for (let channel = 0; channel < channels; channel++, to++, from++) {
      const outer = (wide[from] as number) + (wide[from + 4 * channels] as number);
      const inner = (wide[from + channels] as number) + (wide[from + 3 * channels] as number);
      row[to] = 0.0625 * outer + 0.25 * inner + 0.375 * (wide[from + 2 * channels] as number);
    }
  }
}

function acrossRows(
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  d: Float32Array,
  e: Float32Array,
  result: Float32Array,
  start: number,
): void {
  for (let i = 0; i < c.length; i++) {
    const outer = (a[i] as number) + (e[i] as number);
    const inner = (b[i] as number) + (d[i] as number);
    result[start + i] = 0.0625 * outer + 0.25 * inner + 0.375 * (c[i] as number);
  }
}

/** A layer of one channel at twice its size, blended between pixels; `width` and `height` may be one less than the double. */
export function doubled({ width, height, data }: Layer, toWidth: number, toHeight: number): Layer {
  const result = new Float32Array(toWidth * toHeight);
  const column = new Float32Array(width + 1);
  for (let y = 0; y < toHeight; y++) {
    // A halved layer's pixel lies on every second pixel of the layer it came from.
    const above = (y >> 1) * width;
    const below = y & 1 && (y >> 1) + 1 < height ? above + width : above;
    for (let x = 0; x < width; x++) column[x] = 0.5 * ((data[above + x] as number) + (data[below + x] as number));
    column[width] = column[width - 1] as number;
    for (let x = 0, to = y * toWidth; x < toWidth; x++, to++) {
      const left = column[x >> 1] as number;
      result[to] = x & 1 ? 0.5 * (left + (column[(x >> 1) + 1] as number)) : left;
    }
  }
  return { width: toWidth, height: toHeight, channels: 1, data: result };
}
