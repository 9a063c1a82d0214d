/** Samples in rows: `channels` of them a pixel, side by side. */
export interface Samples<Data extends Uint8Array | Uint8ClampedArray | Float32Array = Uint8Array> {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Data;
}

/** The samples moved by whole pixels, down and to the right; what goes over an edge comes in at the other. */
export function rolled<Data extends Uint8Array | Uint8ClampedArray | Float32Array>(
  samples: Samples<Data>,
  right: number,
  down: number,
): Samples<Data> {
  const { width, height, channels, data } = samples;
  const pitch = width * channels;
  const split = (width - (((right % width) + width) % width)) * channels;
  const moved = new (data.constructor as new (length: number) => Data)(data.length);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * pitch, (y + 1) * pitch);
    const to = ((((y + down) % height) + height) % height) * pitch;
    moved.set(row.subarray(split), to);
    moved.set(row.subarray(0, split), to + pitch - split);
  }
  return { width, height, channels, data: moved };
}
