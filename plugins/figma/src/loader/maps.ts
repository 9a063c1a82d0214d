// The three maps of the loader's page, small enough for it. The page cannot fetch a script of its own, and the whole
// engine would be too much for it: what is here is the plainest form of what the engine draws, to the same pixels.

/** A picture as `ImageData` has it, opaque. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** The maps that can be drawn, white on black. */
export interface Maps {
  /** Canny's edges with the engine's own defaults: thresholds 100 and 200, aperture 3, no blur. */
  edges(picture: Picture): Picture;
  /** Ink: where the darkest channel is below 127, as the paper's scribbles were made. */
  ink(picture: Picture): Picture;
  /** What is bright: the mean of the channels above Otsu's level. */
  bright(picture: Picture): Picture;
}

/** The kinds of map. */
export type MapKind = keyof Maps;

/** Makes the maps. All that it needs is inside it: the loader sends its text to a worker. */
export function createMaps(): Maps {
  const low = 100;
  const high = 200;

  const drawn = ({ width, height }: Picture, isWhite: (at: number) => unknown): Picture => {
    const data = new Uint8ClampedArray(width * height * 4);
    for (let at = 0; at < width * height; at++) data.set(isWhite(at) ? [255, 255, 255, 255] : [0, 0, 0, 255], at * 4);
    return { width, height, data };
  };

  const edges = (picture: Picture): Picture => {
    const { width, height, data } = picture;
    // A frame of one pixel without a gradient stands around the picture.
    const pitch = width + 2;
    const [across, down, size] = [0, 1, 2].map(() => new Int32Array(pitch * (height + 2))) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    for (let y = 0; y < height; y++) {
      const rows = [Math.max(y - 1, 0), y, Math.min(y + 1, height - 1)].map((row) => row * width * 4) as [
        number,
        number,
        number,
      ];
      for (let x = 0; x < width; x++) {
        const left = Math.max(x - 1, 0) * 4;
        const right = Math.min(x + 1, width - 1) * 4;
        const to = (y + 1) * pitch + x + 1;
        for (let channel = 0; channel < 3; channel++) {
          const value = (row: 0 | 1 | 2, column: number): number => data[rows[row] + column + channel] as number;
          const corner = value(2, right) - value(0, left);
          const other = value(0, right) - value(2, left);
          const dx = corner + other + 2 * (value(1, right) - value(1, left));
          const dy = corner - other + 2 * (value(2, x * 4) - value(0, x * 4));
          const length = Math.abs(dx) + Math.abs(dy);
          if (channel > 0 && length <= (size[to] as number)) continue;
          across[to] = dx;
          down[to] = dy;
          size[to] = length;
        }
      }
    }
    const labels = new Uint8Array(size.length);
    const open: number[] = [];
    for (let at = pitch; at < size.length - pitch; at++) {
      const here = size[at] as number;
      if (here <= low) continue;
      const dx = across[at] as number;
      const dy = down[at] as number;
      // tan(22.5 degrees) in units of 1/32768, as OpenCV rounds it.
      const flat = Math.abs(dx) * 13573;
      const tall = Math.abs(dy) * 32768;
      const diagonal = (dx ^ dy) < 0 ? 1 - pitch : -1 - pitch;
      const isFlat = tall < flat;
      const isTall = !isFlat && tall > flat + Math.abs(dx) * 65536;
      const before = size[at + (isFlat ? -1 : isTall ? -pitch : diagonal)] as number;
      const after = size[at - (isFlat ? -1 : isTall ? -pitch : diagonal)] as number;
      // Of two equals along a row or a column the first is the ridge; along a diagonal neither is.
      if (here <= before || (isFlat || isTall ? here < after : here <= after)) continue;
      labels[at] = here > high ? 2 : 1;
      if (here > high) open.push(at);
    }
    for (let from = open.pop(); from !== undefined; from = open.pop()) {
      for (const step of [-pitch - 1, -pitch, -pitch + 1, -1, 1, pitch - 1, pitch, pitch + 1]) {
        if (labels[from + step] !== 1) continue;
        labels[from + step] = 2;
        open.push(from + step);
      }
    }
    return drawn(picture, (at) => labels[(Math.floor(at / width) + 1) * pitch + (at % width) + 1] === 2);
  };

  const channels = ({ data }: Picture, at: number): [number, number, number] =>
    [data[at * 4], data[at * 4 + 1], data[at * 4 + 2]] as [number, number, number];

  const ink = (picture: Picture): Picture => drawn(picture, (at) => Math.min(...channels(picture, at)) < 127);

  const bright = (picture: Picture): Picture => {
    const total = picture.width * picture.height;
    const gray = (at: number): number => {
      const [red, green, blue] = channels(picture, at);
      return Math.floor((red + green + blue) / 3);
    };
    const counts: number[] = Array(256).fill(0);
    let whole = 0;
    for (let at = 0; at < total; at++) {
      const value = gray(at);
      counts[value] = (counts[value] as number) + 1;
      whole += value;
    }
    // Otsu: the level at which dark and bright differ most, the first of equals; the middle for a picture of one tone.
    let [best, level, below, sum] = [0, 127, 0, 0];
    counts.forEach((count, value) => {
      below += count;
      sum += value * count;
      const above = total - below;
      const between =
        below && above ? (below / total) * (above / total) * (sum / below - (whole - sum) / above) ** 2 : 0;
      if (between <= best) return;
      best = between;
      level = value;
    });
    return drawn(picture, (at) => gray(at) > level);
  };

  return { edges, ink, bright };
}
