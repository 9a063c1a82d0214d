import { type Bounds, boxOf, heightOf, widthOf } from "./bounds.ts";
import { type Depth, placeOf, type Raster, read, type Samples, samples, side, tileAt, withTiles } from "./raster.ts";

// Smaller pictures: halves of a raster, kept as Photoshop keeps its cache levels, and a picture in another size.

const halves = new WeakMap<Raster, Raster>();
const ofUniform = new WeakMap<Samples, Samples>();

/** Half the size: each pixel the mean of four, colours weighed by their alpha. */
function half(raster: Raster): Raster {
  const known = halves.get(raster);
  if (known) return known;
  const tiles = new Map<string, [x: number, y: number, tile: Samples]>();
  for (const key of raster.tiles.keys()) {
    const { left, top } = placeOf(key);
    const [x, y] = [Math.floor(left / side / 2), Math.floor(top / side / 2)];
    const name = `${x} ${y}`;
    if (!tiles.has(name)) tiles.set(name, [x, y, halfTile(raster, x, y)]);
  }
  const made = withTiles(raster, tiles.values());
  halves.set(raster, made);
  return made;
}

/** One tile of the half; four times the same tile, as a large fill has it, is reckoned once. */
function halfTile(raster: Raster, x: number, y: number): Samples {
  const first = tileAt(raster, x * 2, y * 2);
  const same =
    first !== undefined &&
    first === tileAt(raster, x * 2 + 1, y * 2) &&
    first === tileAt(raster, x * 2, y * 2 + 1) &&
    first === tileAt(raster, x * 2 + 1, y * 2 + 1);
  const known = same ? ofUniform.get(first) : undefined;
  if (known) return known;
  const { channels, depth } = raster;
  const values = read(raster, boxOf(x * 2 * side, y * 2 * side, side * 2, side * 2));
  const made = samples(depth, side * side * channels);
  const colors = channels === 1 ? 1 : channels - 1;
  const round = depth === 32 ? (v: number) => v : Math.round;
  const [right, down] = [channels, side * 2 * channels];
  for (let row = 0, to = 0; row < side; row++) {
    for (let column = 0; column < side; column++, to += channels) {
      const at = (row * 2 * side * 2 + column * 2) * channels;
      const four = [at, at + right, at + down, at + down + right] as const;
      let total = 0;
      for (const from of four) total += colors === channels ? 1 : (values[from + colors] as number);
      if (total === 0) continue;
      for (let c = 0; c < colors; c++) {
        let sum = 0;
        for (const from of four) {
          sum += (values[from + c] as number) * (colors === channels ? 1 : (values[from + colors] as number));
        }
        made[to + c] = round(sum / total);
      }
      if (colors < channels) made[to + colors] = round(total / 4);
    }
  }
  if (same) ofUniform.set(first, made);
  return made;
}

/** The raster at a cache level: 2^level times smaller. */
export function levelOf(raster: Raster, level: number): Raster {
  let made = raster;
  for (let n = 0; n < level; n++) made = half(made);
  return made;
}

/** Values with a size. The last channel is alpha when there are 2 or more and `opaque` is not set. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: Depth;
  readonly data: Samples;
  readonly opaque?: boolean;
}

/** A part of a picture, in its pixels; not whole ones where it comes from a smaller cached picture. */
interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The picture, or a window of it, in another size: the mean of what each new pixel covers, colours weighed by alpha;
 * larger ones repeat.
 */
export function resized(picture: Picture, width: number, height: number, window?: Window): Picture {
  const { channels, depth, data, opaque = false } = picture;
  const part = window ?? { left: 0, top: 0, width: picture.width, height: picture.height };
  if (width === picture.width && height === picture.height && part.width === width && part.height === height) {
    return picture;
  }
  const across = shares(picture.width, width, part.left, part.width);
  const down = shares(picture.height, height, part.top, part.height);
  const out = samples(depth, width * height * channels);
  const colors = opaque || channels === 1 ? channels : channels - 1;
  const sums = new Float64Array(channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      sums.fill(0);
      let total = 0;
      for (const [row, high] of down[y] as Share[]) {
        for (const [column, wide] of across[x] as Share[]) {
          const at = (row * picture.width + column) * channels;
          const area = high * wide;
          const weight = colors === channels ? area : area * (data[at + colors] as number);
          total += weight;
          for (let c = 0; c < colors; c++) sums[c] = (sums[c] as number) + weight * (data[at + c] as number);
          if (colors < channels) sums[colors] = (sums[colors] as number) + weight;
        }
      }
      const at = (y * width + x) * channels;
      const round = depth === 32 ? (v: number) => v : Math.round;
      for (let c = 0; c < colors; c++) out[at + c] = total === 0 ? 0 : round((sums[c] as number) / total);
      // The shares of one pixel sum up to 1.
      if (colors < channels) out[at + colors] = round(sums[colors] as number);
    }
  }
  return { ...picture, width, height, data: out };
}

type Share = readonly [index: number, weight: number];

/** For each of `to` new pixels over a stretch of a row: which of its `length` old ones it covers, and their weights. */
function shares(length: number, to: number, start: number, stretch: number): Share[][] {
  const step = stretch / to;
  return Array.from({ length: to }, (_, i) => {
    const [from, end] = [start + i * step, start + (i + 1) * step];
    if (step <= 1) return [[Math.min(length - 1, Math.max(0, Math.floor(start + (i + 0.5) * step))), 1]];
    const list: Share[] = [];
    for (let n = Math.max(0, Math.floor(from)); n < Math.min(length, Math.ceil(end)); n++) {
      const weight = (Math.min(end, n + 1) - Math.max(from, n)) / step;
      if (weight > 1e-9) list.push([n, weight]);
    }
    return list;
  });
}

/** The smallest halving of an area that is still as large as a size asks; at most `levels` halvings. */
export function levelFor(area: Bounds, width: number, height: number, levels: number): number {
  const times = Math.min(widthOf(area) / width, heightOf(area) / height);
  return Math.max(0, Math.min(levels, Math.floor(Math.log2(times))));
}

/** A box of a raster as a picture. */
export const pictureOf = (raster: Raster, box: Bounds): Picture => ({
  width: widthOf(box),
  height: heightOf(box),
  channels: raster.channels,
  depth: raster.depth,
  data: read(raster, box),
});
